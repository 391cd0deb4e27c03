import type { Subsystem } from './subsystem.js';

/*
 * In which order the subsystems are told what
 *
 * One row per call, as in VirtualBox 7.2 VMMR3/VM.cpp. A subsystem that nobody has plugged in is passed over, so these
 * are the places of those, too, that this VMM does not have yet.
 */

/** All there are. */
export const subsystemNames = [
  'NEM',
  'HM',
  'MM',
  'CPUM',
  'PGM',
  'TM',
  'VMM',
  'SELM',
  'TRPM',
  'IOM',
  'EM',
  'IEM',
  'DBGF',
  'GIM',
  'GCM',
  'PDM',
  'STAM',
] as const;

export type SubsystemName = (typeof subsystemNames)[number];

/** A method of a subsystem in an order. */
export type SubsystemStep<M extends keyof Subsystem = keyof Subsystem> = readonly [subsystem: SubsystemName, method: M];

const each = <M extends keyof Subsystem>(method: M, ...names: readonly SubsystemName[]): SubsystemStep<M>[] =>
  names.map((name) => [name, method] as const);

/** A step of the initialisation that registers a unit which is skipped when a state is loaded (`SSMR3RegisterStub`). */
export interface StubStep {
  readonly stub: string;
}

/** `vmR3InitRing3`, up to `memSetup`. */
export const initOrder: readonly (
  | SubsystemStep<'initConfig' | 'init' | 'initAfterCpum' | 'initPaging' | 'initFinalize'>
  | StubStep
)[] = [
  ['NEM', 'initConfig'],
  ['HM', 'init'],
  ['MM', 'init'],
  ['CPUM', 'init'],
  ['NEM', 'initAfterCpum'],
  ['PGM', 'init'],
  ['MM', 'initPaging'],
  ...each('init', 'TM', 'VMM', 'SELM', 'TRPM'),
  { stub: 'CSAM' },
  { stub: 'PATM' },
  ...each('init', 'IOM', 'EM', 'IEM', 'DBGF', 'GIM', 'GCM', 'PDM'),
  ['PGM', 'initFinalize'],
  ['TM', 'initFinalize'],
];

/**
 * What the initialisation takes back when it fails: of these subsystems those whose `init` had succeeded, and NEM in any
 * case. MM and CPUM are not among them: what they have belongs to the UVM.
 */
export const unwindOrder: readonly SubsystemStep<'term'>[] = each(
  'term',
  ...(['PDM', 'GCM', 'GIM', 'DBGF', 'IEM', 'EM', 'IOM', 'TRPM', 'SELM', 'VMM', 'TM', 'PGM', 'HM', 'NEM'] as const),
);

/** `vmR3InitDoCompleted`; after EM, in the stage RING3, comes {@link recompilerStub}. */
export const initCompletedOrder = each('initCompleted', 'VMM', 'HM', 'NEM', 'PGM', 'CPUM', 'EM', 'PDM', 'IOM');

/** The unit of the recompiler, which is no more: states that have it are still loaded. */
export const recompilerStub = { stub: 'rem', after: 'EM' } as const;

/** `PGMR3MemSetup` and `PDMR3MemSetup`. */
export const memSetupOrder = each('memSetup', 'PGM', 'PDM');

/** `VMR3Relocate`. PGM and SELM have two turns. */
export const relocateOrder = each(
  'relocate',
  ...(['PGM', 'PGM', 'CPUM', 'HM', 'SELM', 'VMM', 'SELM', 'TRPM', 'IOM', 'EM', 'TM', 'IEM', 'DBGF'] as const),
  ...(['PDM', 'GIM', 'GCM'] as const),
);

export const powerOnOrder = each('powerOn', 'PDM');
export const suspendOrder = each('suspend', 'PDM');
export const resumeOrder = each('resume', 'PDM');
export const powerOffOrder = each('powerOff', 'PDM', 'DBGF');

/** `vmR3HardReset`: GIM before PDM and TM, CPUM after PDM; then {@link memSetupOrder}. */
export const hardResetOrder = each(
  'reset',
  ...(['GIM', 'PDM', 'PGM', 'SELM', 'TRPM', 'IOM', 'CPUM', 'TM', 'EM', 'HM', 'NEM'] as const),
);

/** `vmR3SoftReset`, after PDM's own. */
export const softResetOrder = each('reset', 'TRPM', 'CPUM', 'EM', 'HM', 'NEM');

/** `vmR3HotUnplugCpu`. */
export const resetCpuOrder = each('resetCpu', 'PGM', 'PDM', 'TRPM', 'CPUM', 'EM', 'HM', 'NEM');

/** `vmR3Destroy`. GCM has no turn. */
export const termOrder = each(
  'term',
  ...([
    'TM',
    'PDM',
    'GIM',
    'DBGF',
    'IEM',
    'EM',
    'IOM',
    'TRPM',
    'SELM',
    'HM',
    'NEM',
    'PGM',
    'VMM',
    'CPUM',
    'MM',
  ] as const),
);

/** `vmR3DestroyUVM`. */
export const termUvmOrder = each('termUvm', 'PDM', 'MM', 'STAM');

/** What VirtualBox does in these places and this VMM does not, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  'host CPU check (SSE2)': 'nothing here runs on the host’s CPU directly',
  'support library session': 'there is no kernel module',
  'VMMR0.r0': 'there is no ring 0',
  'registration of the virtual CPUs with GVM': 'there is no ring 0 to know them',
  'halt method': 'EMTs wait for promises; there is one way to',
  'PDM loader (relocation)': 'there is no code to relocate',
  'debugger console': 'whoever wants one attaches it to the VM that has been created',
  'critical sections of PDM (destruction)': 'they are garbage collected',
  'freeing of SSM': 'the registry goes with its VM',
};
