import { type InfoOutput, type InfoRegistry, InfoText } from '../dbgf/index.js';
import { timerClocks } from './clocks.js';
import type { TimeManager } from './time-manager.js';
import { type AnyTimer, timerStates } from './timer.js';

/** What an info item says, as text and as JSON: integers of 64 bits are texts. */
export interface TmInfo {
  readonly text: string;
  readonly data: unknown;
}

/** Writes an info item. */
export type TmInfoHandler = (tm: TimeManager, output: InfoOutput) => void;

const ownerName = ({ ownerKind, owner }: AnyTimer): string => {
  const name = typeof owner === 'object' && owner !== null && 'name' in owner ? owner.name : undefined;
  return typeof name === 'string' ? `${ownerKind} ${name}` : ownerKind;
};

const showTimers =
  (of: (tm: TimeManager) => readonly AnyTimer[]): TmInfoHandler =>
  (tm, output) => {
    const timers = of(tm);
    output.table([
      ['Name', 'Owner', 'Clock', 'Time', 'Expire', 'Hint', 'State'],
      ...timers.map((timer) => [
        timer.name,
        ownerName(timer),
        timer.clock,
        tm.now(timer.clock),
        timer.isActive ? timer.expire : '-',
        timer.frequencyHint,
        `${timerStates[timer.state]}-${timer.state}`,
      ]),
    ]);
    output.data(
      timers.map((timer) => ({
        name: timer.name,
        owner: ownerName(timer),
        clock: timer.clock,
        now: String(tm.now(timer.clock)),
        ...(timer.isActive && { expire: String(timer.expire) }),
        frequencyHint: timer.frequencyHint,
        state: timer.state,
      })),
    );
  };

const showClocks: TmInfoHandler = (tm, output) => {
  const { virtual, virtualSync } = tm;
  const rows = [
    ...tm.cpus.map((cpu, idCpu) => ({
      clock: `TSC ${idCpu}`,
      now: cpu.read(),
      frequency: tm.tscFrequency,
      ticking: cpu.ticking,
      detail: 'virtual',
    })),
    ...timerClocks.map((clock) => ({
      clock,
      now: tm.now(clock),
      frequency: tm.frequency(clock),
      ticking: tm.ticking(clock),
      detail: { REAL: '', VIRTUAL: `warp ${virtual.warp}%`, VIRTUAL_SYNC: `catch-up ${virtualSync.percentage}%` }[
        clock
      ],
    })),
  ];
  output.table(
    rows.map(({ clock, now, frequency, ticking, detail }) => [
      clock,
      now,
      `${frequency} Hz`,
      ticking ? 'ticking' : 'paused',
      detail,
    ]),
  );
  const { lag, givenUp, offset } = virtualSync;
  output.line(`The guest is ${offset} ns behind: ${lag} ns to be made up for, ${givenUp} ns lost.`);
  output.data({
    clocks: rows.map(({ now, frequency, ...row }) => ({ ...row, now: String(now), frequency: String(frequency) })),
    virtualSync: {
      offset: String(offset),
      lag: String(lag),
      givenUp: String(givenUp),
      catchUpPercentage: Number(virtualSync.percentage),
    },
    warpPercentage: Number(virtual.warp),
  });
};

/** The info items: name, what it shows, what writes it. VirtualBox has `activetimers`; the others and the tables are ours. */
const items: readonly (readonly [name: TmInfoName, description: string, handler: TmInfoHandler])[] = [
  ['alltimers', 'All timers.', showTimers((tm) => tm.timers)],
  [
    'activetimers',
    'The timers that are armed, in the order in which they expire.',
    showTimers((tm) => tm.activeTimers),
  ],
  ['time', 'The clocks, and how far the guest is behind.', showClocks],
];

export type TmInfoName = 'alltimers' | 'activetimers' | 'time';

/** An info item on its own. */
export function tmInfo(tm: TimeManager, name: TmInfoName): TmInfo {
  const output = new InfoText();
  items.find(([candidate]) => candidate === name)![2](tm, output);
  return { text: output.text, data: output.lastData };
}

/** Registers the info items `alltimers`, `activetimers` and `time`. */
export function registerTmInfo(registry: InfoRegistry, tm: TimeManager): void {
  for (const [name, description, handler] of items) {
    registry.registerInternal({ name, description, handler: (_vm, output) => handler(tm, output) });
  }
}
