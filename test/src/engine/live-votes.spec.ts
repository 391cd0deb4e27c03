import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { pictureOf } from './picture.js';
import { type Deeds, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

/** A rule of passes and votes, and a machine that shows it. */
interface VoteRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  readonly does?: Deeds;
  /** `|` is where the machine is stopped. */
  readonly calls: string;
  readonly ends?: string;
  readonly message?: RegExp;
  readonly file?: string;
}

const votes = 'ssmR3LiveDoVoteRun';

const rules: readonly VoteRule[] = [
  {
    rule: 'without voters the first pass is the last',
    source: votes,
    units: 'a: liveExec saveExec',
    calls: 'liveExec@0 a, |, saveExec a',
    file: 'SSM@0 a@0 SSM SSMLiveControl=9504 a SSMLiveControl=9604 | END | SSM a',
  },
  {
    rule: 'all for it: the machine is stopped',
    source: votes,
    units: 'a: liveVote=ready\n b: liveVote=ready',
    calls: 'liveVote@0 a b, |',
  },
  {
    rule: 'a vote that returns nothing is for it',
    source: votes,
    units: 'a: liveVote',
    calls: 'liveVote@0 a, |',
  },
  {
    rule: 'one for another pass: all units save and vote again',
    source: votes,
    units: 'a: liveExec liveVote=ready\n b: liveExec liveVote=again,again,ready',
    calls: 'liveExec@0 a b, liveVote@0 a b, liveExec@1 a b, liveVote@1 a b, liveExec@2 a b, liveVote@2 a b, |',
  },
  {
    rule: 'after a vote for another pass the remaining units are asked all the same',
    source: votes,
    units: 'a: liveVote=again,ready\n b: liveVote=ready',
    calls: 'liveVote@0 a b, liveVote@1 a b, |',
  },
  {
    rule: 'a later vote for it does not take back an earlier one for another pass',
    source: votes,
    units: 'a: liveVote=again,again,ready\n b: liveVote=ready',
    calls: 'liveVote@0 a b, liveVote@1 a b, liveVote@2 a b, |',
  },
  {
    rule: 'who is done for good is for it, and saves and votes no more in live passes',
    source: votes,
    units: 'a: liveExec liveVote=done saveExec\n b: liveExec liveVote=again,again,ready',
    calls: 'liveExec@0 a b, liveVote@0 a b, liveExec@1 b, liveVote@1 b, liveExec@2 b, liveVote@2 b, |, saveExec a',
  },
  {
    rule: 'who is done for good does not outvote who wants another pass',
    source: votes,
    units: 'a: liveVote=again,ready\n b: liveVote=done',
    calls: 'liveVote@0 a b, liveVote@1 a, |',
  },
  {
    rule: 'all done for good: the machine is stopped',
    source: votes,
    units: 'a: liveVote=done\n b: liveVote=done',
    calls: 'liveVote@0 a b, |',
  },
  {
    rule: 'giving up ends the save at once: nobody else is asked',
    source: votes,
    units: 'a: liveVote=ready\n b: liveVote=stop\n c: liveVote=ready saveDone',
    calls: 'liveVote@0 a b, saveDone c',
    ends: 'VERR_SSM_VOTE_FOR_GIVING_UP',
    message: /^VERR_SSM_VOTE_FOR_GIVING_UP: liveVote failed: .*\(unit 'b'#0\)$/,
  },
  {
    rule: 'giving up outweighs another pass',
    source: votes,
    units: 'a: liveVote=again\n b: liveVote=stop',
    calls: 'liveVote@0 a b',
    ends: 'VERR_SSM_VOTE_FOR_GIVING_UP',
  },
  {
    rule: 'any other failure ends the save as giving up does, with its status',
    source: votes,
    units: 'a: liveVote=VERR_NO_MEMORY\n b: liveVote',
    calls: 'liveVote@0 a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'a vote thrown is one returned',
    source: votes,
    units: 'a: liveVote!VERR_NO_MEMORY\n b: liveVote',
    calls: 'liveVote@0 a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'a failure in a later pass ends the save, too',
    source: votes,
    units: 'a: liveVote=again,stop',
    calls: 'liveVote@0 a, liveVote@1 a',
    ends: 'VERR_SSM_VOTE_FOR_GIVING_UP',
  },
  {
    rule: 'other informational statuses are no votes',
    source: votes,
    units: 'a: liveVote=once\n b: liveVote',
    calls: 'liveVote@0 a',
    ends: 'VERR_IPE_UNEXPECTED_INFO_STATUS',
    message: /liveVote returned VINF_SSM_DONT_CALL_AGAIN \(unit 'a'#0, pass 0\)$/,
  },
  {
    rule: 'a status set on the handle while voting ends the save',
    source: 'SSMR3HandleSetStatus',
    units: 'a: liveVote=ready\n b: liveVote',
    does: { a: { liveVote: (_pass, handle) => void handle.setStatus('VERR_TIMEOUT') } },
    calls: 'liveVote@0 a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'a unit that has saved all it can in live passes is not called, nor asked, again',
    source: 'ssmR3LiveDoExecRun',
    units: 'a: liveExec=once liveVote=again saveExec\n b: liveExec liveVote=again,again,ready',
    calls: 'liveExec@0 a b, liveVote@0 b, liveExec@1 b, liveVote@1 b, liveExec@2 b, liveVote@2 b, |, saveExec a',
    file: 'SSM@0 a@0 b@0 b@1 b@2 SSM SSMLiveControl=9457 a SSMLiveControl=9530 SSMLiveControl=9604 | END | SSM a b@2',
  },
  {
    rule: 'it may say so in any pass',
    source: 'ssmR3LiveDoExecRun',
    units: 'a: liveExec=ready,once liveVote=again\n b: liveVote=again,again,ready',
    calls: 'liveExec@0 a, liveVote@0 a b, liveExec@1 a, liveVote@1 b, liveVote@2 b, |',
  },
  {
    rule: 'a failing liveExec ends the save: nobody votes',
    source: 'ssmR3LiveDoExecRun',
    units: 'a: liveExec=ready,VERR_NO_MEMORY liveVote=again\n b: liveExec liveVote saveDone',
    calls: 'liveExec@0 a b, liveVote@0 a b, liveExec@1 a, saveDone b',
    ends: 'VERR_NO_MEMORY',
    message: /^VERR_NO_MEMORY: Execute save failed: .*\(unit 'a'#0, pass 1, offset 0x/,
  },
  {
    rule: 'a status set on the handle by liveExec ends the save',
    source: 'ssmR3LiveDoExecRun',
    units: 'a: liveExec\n b: liveExec',
    does: { a: { liveExec: (_put, _pass, handle) => void handle.setStatus('VERR_TIMEOUT') } },
    calls: 'liveExec@0 a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'units that save nothing while the machine runs vote all the same',
    source: votes,
    units: 'a: liveVote=again,ready saveExec',
    calls: 'liveVote@0 a, liveVote@1 a, |, saveExec a',
  },
];

describe('passes and votes', () => {
  for (const { rule, source, units, does, calls, ends = 'VINF_SUCCESS', message, file } of rules) {
    it(`${rule} (${source}): ${ends}`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const { failure } = await saveLive(machine(units, journal, does), sink, {}, { stopped: () => journal.note('|') });
      expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
      expect(journal.text).to.equal(calls);
      expect(sink.closed).to.deep.equal([failure === undefined ? 'whole' : 'aborted']);
      if (message !== undefined) expect(failure?.message).to.match(message);
      if (file !== undefined) expect(pictureOf(sink.bytes())).to.equal(file);
    });
  }

  // VirtualBox never resets fDoneLive: there a second live save of the same machine would pass these units by.
  it('what a unit said in one save does not count in the next', async () => {
    const journal = new Journal();
    const registry = machine('a: liveExec=once\n b: liveVote=done', journal);
    for (let i = 0; i < 2; i++) await saveLive(registry, new NotingSink(), {}, { stopped: () => journal.note('|') });
    expect(journal.text).to.equal('liveExec@0 a, liveVote@0 b, |, liveExec@0 a, liveVote@0 b, |');
  });
});
