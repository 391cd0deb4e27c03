import { expect } from 'chai';
import { loadState } from '../engine/load.js';
import { saveState } from '../engine/save.js';
import { SsmError } from '../error.js';
import { MemorySink } from '../io/memory.js';
import type { Source } from '../io/sink-source.js';
import { readAll, TestMachine, testBytes } from '../io/testing.js';
import { type ReceiveOverOptions, receiveOver } from './receive.js';
import { block, connectionPair, hex, type Move, play, type TestConnection } from './testing.js';

const WELCOME = 'VirtualBox-Teleporter-1.0\n';
const STATE = testBytes(1000);
/** Milliseconds that no test waits for, and that some do. */
const LONG = 20_000;
const SHORT = 150;
const shortly = { timeouts: { password: SHORT, answer: SHORT, stream: SHORT, linger: 40 } };
const END = hex('05 12 47 19 00 00 00 00');
const CANCEL = hex('05 12 47 19 ff ff ff ff');

/** What a source does, step by step, when all goes well. */
const course: readonly (readonly [step: string, moves: readonly Move[]])[] = [
  ['password', [{ hear: WELCOME }, { say: '\n' }, { hear: 'ACK\n' }]],
  ['load', [{ say: 'load\n' }, { hear: 'ACK\n' }]],
  ['stream', [{ say: block(STATE) }, { say: END }]],
  ['load-complete', [{ hear: 'ACK\n' }]],
  ['lock-media', [{ say: 'lock-media\n' }, { hear: 'ACK\n' }]],
  ['hand-over', [{ say: 'hand-over-resume\n' }, { hear: 'ACK\n' }]],
];

/** The moves of all steps in front of one. */
function before(step: string): Move[] {
  return course
    .slice(
      0,
      course.findIndex(([name]) => name === step),
    )
    .flatMap(([, moves]) => moves);
}

const whole = course.flatMap(([, moves]) => moves);

async function loadFrom(source: Source): Promise<void> {
  await readAll(source);
}

interface Outcome {
  outcome: string;
  log: string[];
  there: TestConnection;
  heard: string;
  time: number;
}

/** A teleport against a script. @returns what came of it. */
async function run(moves: readonly Move[], options: Partial<ReceiveOverOptions> = {}): Promise<Outcome> {
  const [here, there] = connectionPair({ capacity: 4096 });
  const log: string[] = [];
  const note = (what: string) => () => void log.push(what);
  const begun = performance.now();
  let time = 0;
  const [outcome, heard] = await Promise.all([
    receiveOver(there, {
      load: loadFrom,
      lockMedia: note('lock'),
      unlockMedia: note('unlock'),
      passwordDelay: [1, 2],
      timeouts: { password: LONG, answer: LONG, stream: LONG, linger: 40 },
      ...options,
    })
      .then(
        (result) => JSON.stringify(result),
        (error: Error) => error.message,
      )
      .finally(() => {
        time = performance.now() - begun;
      }),
    play(here, ...moves),
  ]);
  return { outcome, log, there, heard, time };
}

describe('receiveOver', () => {
  it('goes from the welcome to the hand-over', async () => {
    const steps: string[] = [];
    const { outcome, log, there } = await run(whole, {
      onProgress: ({ step, bytes }) => steps.push(`${step} ${bytes}`),
    });
    expect(outcome).to.equal('{"bytes":1000,"paused":false}');
    expect(log).to.deep.equal(['lock']);
    expect(there.closed).to.equal(true);
    expect(steps.join(', ')).to.equal(
      'password 0, load 0, load 0, stream 0, stream 1000, load-complete 1000, lock-media 1000, hand-over 1000',
    );
  });

  it('receives a machine that is to stay paused', async () => {
    const { outcome } = await run([...before('hand-over'), { say: 'hand-over-paused\n' }, { hear: 'ACK\n' }]);
    expect(outcome).to.equal('{"bytes":1000,"paused":true}');
  });

  it('takes its media once, however often it is told to', async () => {
    const again: Move[] = [{ say: 'lock-media\n' }, { hear: 'ACK\n' }];
    const { outcome, log } = await run([...before('hand-over'), ...again, ...(course[5]?.[1] ?? [])]);
    expect([outcome, log]).to.deep.equal(['{"bytes":1000,"paused":false}', ['lock']]);
  });

  it('takes its media in front of the state, too', async () => {
    const early: Move[] = [{ say: 'lock-media\n' }, { hear: 'ACK\n' }];
    const rest = course.filter(([step]) => !['password', 'lock-media'].includes(step)).flatMap(([, moves]) => moves);
    expect((await run([...before('load'), ...early, ...rest])).outcome).to.match(/"paused":false/);
  });

  describe('its password', () => {
    const HASH =
      '#SHA-512##0a50261ebd1a390fed2bf326f2673c145582a6342d523204973d0219337f81616a8069b012587cf5635f6925f1b56c360230c19b273500ee013e030601bf2425\n';
    const passwords: readonly [name: string, line: string, options: Partial<ReceiveOverOptions>, right: boolean][] = [
      ['hashed', HASH, { password: 'foobar' }, true],
      ['plain, of old', 'foobar\n', { password: 'foobar', dialect: '3.2' }, true],
      ['plain, of now', 'foobar\n', { password: 'foobar' }, false],
      ['hashed, of old', HASH, { password: 'foobar', dialect: '3.1' }, false],
      ['none', '\n', { password: 'foobar' }, false],
      ['one where there is none', 'x\n', {}, false],
      ['a beginning', `${HASH.slice(0, 20)}\n`, { password: 'foobar' }, false],
      ['more than it is', `${HASH.slice(0, -1)}0\n`, { password: 'foobar' }, false],
      ['without end', 'x'.repeat(1024), { password: 'foobar' }, false],
    ];
    for (const [name, line, options, right] of passwords) {
      it(`${name}: ${right ? 'right' : 'wrong'}`, async () => {
        const answer = right ? 'ACK\n' : 'NACK=-89\n';
        const { outcome } = await run([{ hear: WELCOME }, { say: line }, { hear: answer }, 'close'], options);
        expect(outcome).to.match(
          right
            ? /^VERR_EOF: teleport target, load: /
            : /^VERR_AUTHENTICATION_FAILURE: teleport target, password: the source has given a wrong password/,
        );
      });
    }

    it('is refused after a while, which is cut short by cancelling', async () => {
      const wrong: Move[] = [{ hear: WELCOME }, { say: 'x\n' }, 'listen'];
      const slow = await run(wrong, { passwordDelay: [80, 100] });
      expect(slow.time).to.be.above(75);
      expect(slow.heard).to.equal('NACK=-89\n');
      const aborting = new AbortController();
      setTimeout(() => aborting.abort(), 20);
      const cut = await run(wrong, { passwordDelay: [5000, 5000], signal: aborting.signal });
      expect(cut.outcome).to.match(/^VERR_SSM_CANCELLED: teleport target, password: /);
      expect(cut.time).to.be.below(1000);
    });

    it('is read whole before it is judged', async () => {
      const moves: Move[] = [
        { hear: WELCOME },
        { say: 'wrong from the start' },
        { wait: 20 },
        { say: ' on\n' },
        'listen',
      ];
      expect((await run(moves)).heard).to.equal('NACK=-89\n');
    });
  });

  describe('refuses', () => {
    const commands: readonly [name: string, at: string, say: string, nack: RegExp, outcome: RegExp][] = [
      ['a command that there is not', 'load', 'reboot\n', /^NACK=-12;/, /^VERR_NOT_IMPLEMENTED: .*"reboot"/],
      ['what only looks like one', 'load', 'constructor\n', /^NACK=-12;/, /^VERR_NOT_IMPLEMENTED/],
      ['commands in capitals', 'load', 'LOAD\n', /^NACK=-12;/, /^VERR_NOT_IMPLEMENTED/],
      ['to load twice', 'lock-media', 'load\n', /^NACK=-22;/, /^VERR_WRONG_ORDER/],
      ['a hand-over of nothing', 'load', 'hand-over-resume\n', /^NACK=-22;/, /^VERR_WRONG_ORDER/],
      ['a hand-over without media', 'lock-media', 'hand-over-resume\n', /^NACK=-1858;/, /^VERR_SSM_CANCELLED/],
      ['a paused one alike', 'lock-media', 'hand-over-paused\n', /^NACK=-1858;/, /^VERR_SSM_CANCELLED/],
      ['a command without end', 'load', 'x'.repeat(200), /^$/, /^VERR_BUFFER_OVERFLOW: .*more than 127 bytes/],
      ['nothing when the source gives up', 'lock-media', 'cancel\n', /^$/, /^VERR_SSM_CANCELLED: .*has given up/],
    ];
    for (const [name, at, say, nack, expected] of commands) {
      it(name, async () => {
        const { outcome, heard } = await run([...before(at), { say }, 'listen']);
        expect(outcome).to.match(expected);
        expect(heard).to.match(nack);
      });
    }

    it('media that it cannot lock', async () => {
      const { outcome, heard } = await run([...before('lock-media'), { say: 'lock-media\n' }, 'listen'], {
        lockMedia: () => {
          throw new Error('in use');
        },
      });
      expect(heard).to.match(/^NACK=-115;.*in use\n$/);
      expect(outcome).to.match(/^VERR_FILE_LOCK_FAILED: teleport target, lock-media: .*in use/);
    });

    it('in few words where the source is old', async () => {
      const { heard } = await run([...before('load'), { say: 'reboot\n' }, 'listen'], { dialect: '3.1' });
      expect(heard).to.equal('NACK=-12\n');
    });

    it('after it has let go of its media, and tells when it cannot', async () => {
      const moves: Move[] = [...before('hand-over'), { say: 'reboot\n' }, 'listen'];
      expect((await run(moves)).log).to.deep.equal(['lock', 'unlock']);
      const { outcome, heard } = await run(moves, {
        unlockMedia: () => {
          throw new Error('stuck');
        },
      });
      expect(heard).to.match(/^NACK=-12;/);
      expect(outcome).to.match(/^VERR_NOT_IMPLEMENTED: .*; and the media could not be unlocked: .*stuck/);
    });
  });

  describe('when the source', () => {
    for (const [step] of course) {
      if (step === 'stream' || step === 'load-complete') continue;
      const silence = step === 'password' ? [{ hear: WELCOME }] : [];
      const what = step === 'password' ? "the source's password" : "the source's next command";
      // The target learns of a step from its command.
      const told = step === 'lock-media' ? 'load-complete' : step === 'hand-over' ? 'lock-media' : step;
      it(`goes away at '${step}'`, async () => {
        const { outcome, log } = await run([...before(step), ...silence, 'close']);
        expect(outcome).to.equal(`VERR_EOF: teleport target, ${told}: the connection was closed before ${what}`);
        expect(log).to.deep.equal(step === 'hand-over' ? ['lock', 'unlock'] : []);
      });
      it(`falls silent at '${step}'`, async () => {
        const { outcome } = await run([...before(step), ...silence, 'listen'], shortly);
        expect(outcome).to.equal(`VERR_TIMEOUT: teleport target, ${told}: waited ${SHORT} ms for ${what}`);
      });
    }

    const streams: readonly [what: string, moves: readonly Move[], nack: RegExp, outcome: RegExp][] = [
      [
        'goes away in the stream',
        [{ say: block(STATE) }, 'close'],
        /^$/,
        /^VERR_IO_GEN_FAILURE: .*closed after 1000 b/,
      ],
      [
        'falls silent in the stream',
        [{ say: block(STATE) }, 'listen'],
        /^NACK=-40;waited/,
        /^VERR_TIMEOUT: .*stream: /,
      ],
      [
        'talks rubbish in the stream',
        [{ say: block(STATE) }, { say: 'HTTP/1.1 400 Bad Request\n\n' }, 'listen'],
        /^NACK=-257;a block with the magic/,
        /^VERR_IO_GEN_FAILURE: teleport target, stream: a block with the magic/,
      ],
      [
        'gives up in the stream',
        [{ say: block(STATE) }, { say: CANCEL }, 'listen'],
        /^NACK=-1858;/,
        /^VERR_SSM_CANCELLED/,
      ],
    ];
    for (const [what, moves, nack, expected] of streams) {
      it(what, async () => {
        const { outcome, heard } = await run(
          [...before('stream'), ...moves],
          what.startsWith('falls silent') ? shortly : {},
        );
        expect(outcome).to.match(expected);
        expect(heard).to.match(nack);
      });
    }
  });

  describe('loading', () => {
    it('that fails is told the source, with the place, although that still sends', async () => {
      const load = () => {
        throw new SsmError('VERR_SSM_INTEGRITY_CRC', 'two\nlines', { unit: 'ram', instance: 0 });
      };
      const stalled: Move[] = Array.from({ length: 20 }, () => ({ say: block(STATE) }));
      const moves: Move[] = [...before('stream'), ...stalled, 'listen'];
      const { outcome, heard } = await run(moves, { load });
      expect(heard).to.equal("NACK=-1814;two\rlines (unit 'ram'#0)\n");
      expect(outcome).to.match(/^VERR_SSM_INTEGRITY_CRC: teleport target, stream: two\nlines/);
    });

    it('that leaves something is refused', async () => {
      const load = (source: Source) => source.read(new Uint8Array(10), 0);
      const { heard } = await run([...before('stream'), ...(course[2]?.[1] ?? []), 'listen'], { load });
      expect(heard).to.match(/^NACK=-42;there is something behind the saved state/);
    });

    it('loads what was saved', async () => {
      const machine = new TestMachine(3000, 3);
      const sink = new MemorySink();
      await saveState(machine.registry, sink);
      const target = new TestMachine(3000);
      const moves = [...before('stream'), { say: block(sink.bytes()) }, { say: END }, ...whole.slice(-5)];
      const { outcome } = await run(moves, { load: (source) => loadState(target.registry, source) });
      expect(outcome).to.equal(`{"bytes":${sink.bytes().length},"paused":false}`);
      expect(target.equals(machine)).to.equal(true);
    });

    it('is cancelled, and the source told so', async () => {
      const aborting = new AbortController();
      const cancel: Move = { call: () => aborting.abort() };
      const moves: Move[] = [...before('stream'), { say: block(STATE) }, { wait: 5 }, cancel, 'listen'];
      const { outcome, heard } = await run(moves, { signal: aborting.signal, timeouts: { linger: 40 } });
      expect(heard).to.match(/^NACK=-1858;/);
      expect(outcome).to.match(/^VERR_SSM_CANCELLED: teleport target, stream: the operation was cancelled/);
    });
  });

  it('is cancelled while it waits for a command, too', async () => {
    const aborting = new AbortController();
    const cancel: Move = { call: () => aborting.abort() };
    const { outcome, log } = await run([...before('hand-over'), { wait: 5 }, cancel, 'listen'], {
      signal: aborting.signal,
      timeouts: {},
    });
    expect(outcome).to.match(/^VERR_SSM_CANCELLED: teleport target, lock-media: /);
    expect(log).to.deep.equal(['lock', 'unlock']);
  });
});
