import { type LoadOptions, loadState, MemorySource, PASS_FINAL } from '@ssmkit/runtime';
import { AwkwardSource, type SavOptions, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine } from './script.js';

/** A rule of loading, and a machine and a file that show it. */
export interface LoadRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  /** Units of the file, each with one byte: `a#1@0 b`. */
  readonly file: string;
  readonly does?: Deeds;
  readonly options?: LoadOptions;
  readonly damage?: SavOptions;
  readonly calls: string;
  /** Default VINF_SUCCESS. */
  readonly ends?: string;
  readonly message?: RegExp;
}

/** The file that the words stand for: `a@0 b#1=2` is a of pass 0 with one byte, and b 1 with two. */
export function fileOf(words: string, options: SavOptions = {}): Uint8Array {
  const file = sav(options);
  for (const word of words.split(' ').filter(Boolean)) {
    const [, name = '', instance = '0', version = '1', pass, bytes = '1'] =
      /^([a-z]+?)(?:#(\d+))?(?:v(\d+))?(?:@(\d+))?(?:=(\d+))?$/.exec(word) ?? [];
    file.unit(name, Number(instance), {
      version: Number(version),
      pass: pass === undefined ? PASS_FINAL : Number(pass),
    });
    for (let i = 0; i < Number(bytes); i++) file.u8(i);
  }
  return file.bytes();
}

/** Tests rules, each with a file in memory, with one that is read in pieces, and with one that takes its time. */
export function testLoadRules(rules: readonly LoadRule[]): void {
  for (const { rule, source, units, file, does, options, damage, calls, ends = 'VINF_SUCCESS', message } of rules) {
    it(`${rule} (${source}): ${ends}`, async () => {
      const bytes = fileOf(file, damage);
      const sources = [
        new MemorySource(bytes),
        new AwkwardSource(bytes, { shortReads: true }),
        new AwkwardSource(bytes, { asynchronous: true, shortReads: true }),
      ];
      for (const each of sources) {
        const journal = new Journal();
        const registry = machine(units, journal, does);
        const failure = await failureOf(() => loadState(registry, each, options));
        expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
        expect(journal.text).to.equal(calls);
        if (failure !== undefined) expect(failure.message).to.match(message ?? new RegExp(`^${ends}: `));
        expect((await failureOf(() => registry.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
      }
    });
  }
}
