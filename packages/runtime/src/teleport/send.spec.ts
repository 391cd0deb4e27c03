import { expect } from 'chai';
import { Registry } from '../engine/registry.js';
import { saveState } from '../engine/save.js';
import type { Sink } from '../io/sink-source.js';
import { testBytes } from '../io/testing.js';
import { type TeleportOverOptions, teleportOver } from './send.js';
import { block, connectionPair, hex, type Move, play, type TestConnection } from './testing.js';

const WELCOME = 'VirtualBox-Teleporter-1.0\n';
const STATE = testBytes(1000);
/** Milliseconds that no test waits for, and that some do. */
const LONG = 20_000;
const SHORT = 150;
const shortly = { answer: SHORT, stream: SHORT, loadComplete: SHORT };
const END = hex('05 12 47 19 00 00 00 00');

/** What a target does, step by step, when all goes well. */
const course: readonly (readonly [step: string, moves: readonly Move[]])[] = [
  ['welcome', [{ say: WELCOME }]],
  ['password', [{ hear: '\n' }, { say: 'ACK\n' }]],
  ['load', [{ hear: 'load\n' }, { say: 'ACK\n' }]],
  ['stream', [{ hear: block(STATE) }, { hear: END }]],
  ['load-complete', [{ say: 'ACK\n' }]],
  ['lock-media', [{ hear: 'lock-media\n' }, { say: 'ACK\n' }]],
  ['hand-over', [{ hear: 'hand-over-resume\n' }, { say: 'ACK\n' }, 'listen']],
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

/** The moves of a step up to, not including, its answer. */
function asked(step: string): Move[] {
  const moves = course.find(([name]) => name === step)?.[1] ?? [];
  return moves.filter((move) => typeof move === 'object' && 'hear' in move);
}

async function saveTo(sink: Sink): Promise<void> {
  await sink.isOk?.();
  await sink.write(STATE);
  await sink.close(false);
}

/** A teleport against a script. @returns what came of it. */
async function run(
  moves: readonly Move[],
  options: Partial<TeleportOverOptions> = {},
): Promise<{ outcome: string; log: string[]; here: TestConnection; heard: string }> {
  const [here, there] = connectionPair({ capacity: 4096 });
  const log: string[] = [];
  const note = (what: string) => () => void log.push(what);
  const timeouts = { answer: LONG, stream: LONG, loadComplete: LONG };
  const [outcome, heard] = await Promise.all([
    teleportOver(here, {
      save: saveTo,
      unlockMedia: note('unlock'),
      lockMedia: note('lock'),
      timeouts,
      ...options,
    }).then(
      (result) => JSON.stringify(result),
      (error: Error) => error.message,
    ),
    play(there, ...moves),
  ]);
  return { outcome, log, here, heard };
}

describe('teleportOver', () => {
  it('goes from the welcome to the hand-over', async () => {
    const steps: string[] = [];
    const { outcome, log, here, heard } = await run(
      course.flatMap(([, moves]) => moves),
      { onProgress: ({ step, bytes }) => steps.push(`${step} ${bytes}`) },
    );
    expect(outcome).to.equal('{"bytes":1000,"paused":false}');
    expect(log).to.deep.equal(['unlock']);
    expect([heard, here.closed]).to.deep.equal(['', true]);
    expect(steps.join(', ')).to.equal(
      'welcome 0, password 0, load 0, stream 0, stream 1000, load-complete 1000, lock-media 1000, hand-over 1000',
    );
  });

  for (const paused of [true, () => true]) {
    it(`hands a paused machine over as paused${typeof paused === 'function' ? ', asked at the end' : ''}`, async () => {
      const moves: Move[] = [...before('hand-over'), { hear: 'hand-over-paused\n' }, { say: 'ACK\n' }];
      const { outcome } = await run(moves, { paused });
      expect(outcome).to.equal('{"bytes":1000,"paused":true}');
    });
  }

  const passwords: readonly [options: Partial<TeleportOverOptions>, line: RegExp][] = [
    [{ password: 'foobar' }, /^#SHA-512##0a50261e[0-9a-f]{120}\n$/],
    [{ password: 'foobar', dialect: '3.2' }, /^foobar\n$/],
    [{ password: 'foobar', dialect: '3.1' }, /^foobar\n$/],
    [{ dialect: '3.1' }, /^\n$/],
  ];
  for (const [options, line] of passwords) {
    it(`sends ${line} for ${JSON.stringify(options)}`, async () => {
      const { heard } = await run([{ say: WELCOME }, 'listen'], { ...options, timeouts: shortly });
      expect(heard).to.match(line);
    });
  }

  it('refuses a hashed password before anything is said', async () => {
    const { outcome, heard } = await run(['listen'], { password: `#SHA-512##${'0'.repeat(128)}` });
    expect(outcome).to.match(/^VERR_INVALID_PARAMETER: /);
    expect(heard).to.equal('');
  });

  describe('when the target', () => {
    const rubbish: Readonly<Record<string, RegExp>> = {
      welcome: /^VERR_VERSION_MISMATCH: teleport source, welcome: unexpected welcome "HTTP\/1\.1 400 Bad Request\\n\\n/,
    };
    for (const [step] of course) {
      if (step === 'stream') continue;
      const relocked = step === 'lock-media' || step === 'hand-over';
      const failures: readonly [what: string, move: Move, outcome: RegExp][] = [
        ['goes away', 'close', new RegExp(`^VERR_EOF: teleport source, ${step}: the connection was closed before`)],
        [
          'falls silent',
          'listen',
          new RegExp(`^VERR_TIMEOUT: teleport source, ${step}: waited ${SHORT} ms for the target's`),
        ],
        [
          'talks rubbish',
          { say: 'HTTP/1.1 400 Bad Request\n\nSorry\n' },
          rubbish[step] ?? new RegExp(`^VERR_IO_GEN_FAILURE: teleport source, ${step}: expected ACK or NACK as the`),
        ],
        [
          'talks for ever',
          { say: 'x'.repeat(1000) },
          rubbish[step] === undefined
            ? new RegExp(`^VERR_BUFFER_OVERFLOW: teleport source, ${step}: more than 255 bytes`)
            : /^VERR_VERSION_MISMATCH/,
        ],
        [
          'refuses',
          { say: 'NACK=-40;not today, thank you\n' },
          step === 'welcome'
            ? /^VERR_VERSION_MISMATCH/
            : step === 'password'
              ? /^VERR_AUTHENTICATION_FAILURE: teleport source, password: the target refused: invalid password/
              : new RegExp(`^VERR_TIMEOUT: teleport source, ${step}: the target refused: not today`),
        ],
      ];
      for (const [what, move, expected] of failures) {
        it(`${what} at '${step}'`, async () => {
          const { outcome, log, here } = await run(
            [...before(step), ...asked(step), move],
            what === 'falls silent' ? { timeouts: shortly } : {},
          );
          expect(outcome).to.match(expected);
          // Without an answer it may have taken the machine.
          const answered = what === 'refuses' || what === 'talks rubbish';
          expect(outcome.includes('is not known')).to.equal(step === 'hand-over' && !answered);
          expect(here.closed).to.equal(true);
          expect(log).to.deep.equal(relocked ? ['unlock', 'lock'] : []);
        });
      }
    }
  });

  describe('while the state is sent', () => {
    /** Sends for ever, as far as it may. */
    const endless = async (sink: Sink) => {
      try {
        for (;;) {
          await sink.isOk?.();
          await sink.write(STATE);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        await sink.close(true, error as never);
        throw error;
      }
    };

    const failures: readonly [what: string, moves: readonly Move[], outcome: RegExp][] = [
      [
        'a target that refuses says why',
        [{ take: 3000 }, { say: 'NACK=-1819;Found no handler\rfor unit\n' }, 'listen'],
        /^VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: teleport source, stream: the target refused: Found no handler\nfor unit/,
      ],
      [
        'a target that refuses and goes says why',
        [{ take: 3000 }, { say: 'NACK=-1819;Found no handler' }, 'close'],
        /^VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: teleport source, stream: the target refused: Found no handler/,
      ],
      [
        'a target that talks rubbish has given up',
        [{ take: 3000 }, { say: 'ACK\n' }, 'listen'],
        /^VERR_SSM_CANCELLED: teleport source, stream: the target has given up/,
      ],
      [
        'a target that goes away has given up, or the connection has failed',
        [{ take: 3000 }, 'close'],
        /^(VERR_SSM_CANCELLED: teleport source, stream: the target has given up|VERR_IO_GEN_FAILURE: .*broken pipe)/,
      ],
      [
        'a target that takes nothing any more',
        [{ take: 3000 }, { wait: 4 * SHORT }],
        new RegExp(
          `^VERR_TIMEOUT: teleport source, stream: waited ${SHORT} ms for the target to take more of the state`,
        ),
      ],
    ];
    for (const [what, moves, expected] of failures) {
      it(what, async () => {
        const { outcome, here } = await run([...before('stream'), ...moves], {
          save: endless,
          ...(what.startsWith('a target that takes nothing') && { timeouts: shortly }),
        });
        expect(outcome).to.match(expected);
        expect(here.closed).to.equal(true);
      });
    }

    it('a save that fails is what the teleport fails with, and the target sees no whole state', async () => {
      const registry = new Registry();
      registry.register({ name: 'ram', version: 1, saveExec: () => 'VERR_NO_MEMORY' });
      const { outcome, heard } = await run([...before('stream'), 'listen'], {
        save: (sink) => saveState(registry, sink),
      });
      expect(outcome).to.match(/^VERR_NO_MEMORY: teleport source, stream: .*unit 'ram'#0/);
      expect(heard.slice(-8)).to.equal('\x05\x12\x47\x19\0\0\0\0');
      expect(heard).not.to.include('Footer');
    });

    it('a save that does not close its sink has it closed', async () => {
      const moves = course.flatMap(([, moves]) => moves);
      const { outcome } = await run(moves, { save: (sink) => sink.write(STATE) });
      expect(outcome).to.equal('{"bytes":1000,"paused":false}');
      const failing = await run([...before('stream'), { hear: END }], {
        save: () => {
          throw new TypeError('oops');
        },
      });
      expect(failing.outcome).to.match(/^VERR_GENERAL_FAILURE: teleport source, stream: save threw TypeError: oops/);
    });
  });

  describe('cancelled', () => {
    const endless = async (sink: Sink, { signal }: { signal: AbortSignal | undefined }) => {
      const registry = new Registry();
      registry.register({
        name: 'ram',
        version: 1,
        saveExec: async (put) => {
          for (;;) await put.putMemAsync(STATE);
        },
      });
      await saveState(registry, sink, { signal });
    };
    const steps: readonly [step: string, moves: readonly Move[], last: string][] = [
      ['welcome', [], ''],
      ['password', asked('password'), ''],
      ['load', asked('load'), ''],
      ['stream', [{ take: 20_000 }], '\x05\x12\x47\x19\xff\xff\xff\xff'],
      ['load-complete', [], 'cancel\n'],
    ];
    for (const [step, moves, last] of steps) {
      it(`at '${step}': it is told where there is a way to`, async () => {
        const aborting = new AbortController();
        const cancel: Move = { call: () => aborting.abort(new Error('no more')) };
        const { outcome, heard, log } = await run([...before(step), ...moves, cancel, 'listen'], {
          signal: aborting.signal,
          timeouts: {},
          ...(step === 'stream' && { save: endless }),
        });
        expect(outcome).to.match(new RegExp(`^VERR_SSM_CANCELLED: teleport source, ${step}: .*cancelled`));
        expect(heard.slice(-8)).to.equal(last);
        expect(log).to.deep.equal([]);
      });
    }

    it('after the target has loaded the state: too late', async () => {
      const aborting = new AbortController();
      const moves = course.flatMap(([, moves]) => moves);
      const { outcome } = await run(moves, { signal: aborting.signal, unlockMedia: () => aborting.abort() });
      expect(outcome).to.equal('{"bytes":1000,"paused":false}');
    });
  });

  it('tells that the media could not be locked again', async () => {
    const { outcome } = await run([...before('hand-over'), ...asked('hand-over'), 'close'], {
      lockMedia: () => {
        throw new Error('taken');
      },
    });
    expect(outcome).to.match(
      /^VERR_EOF: teleport source, hand-over: .*; and the media could not be locked again: .*taken/,
    );
  });

  it('ends with what a callback throws', async () => {
    const failing = () => {
      throw new RangeError('oops');
    };
    const outcomes = await Promise.all([
      run([...before('lock-media'), 'listen'], { unlockMedia: failing }),
      run([...before('hand-over'), 'listen'], { paused: failing }),
      run(['listen'], { onProgress: failing }),
    ]);
    for (const { outcome } of outcomes) expect(outcome).to.match(/^VERR_GENERAL_FAILURE: .* threw RangeError: oops/);
  });
});
