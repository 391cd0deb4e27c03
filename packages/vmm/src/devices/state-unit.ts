import { type GetStream, type LoadHandle, PASS_FINAL, type PutStream, SsmError } from '@ssmkit/runtime';
import type { DeviceInstance, DeviceUnit } from '../pdm/device.js';

/** How a device is wired, which the machine that loads a state must have, too. */
export interface WiringUnit<C extends object> {
  /** The first version that has it. */
  readonly since: number;
  readonly target: new () => C;
  /** How this machine has it. */
  readonly current: C;
  /** Properties that a guest would notice, each with its name in messages. */
  readonly checked: { readonly [K in keyof C]?: string };
}

/** The unit of a device that keeps its state as a plain class. */
export interface StateUnit<S extends object, C extends object = object> {
  /** The version that is written, and the oldest that is read. */
  readonly version: number;
  readonly oldest: number;
  /** Bytes of the unit. */
  readonly guess: number;
  /** Saved alone in pass 0, and in front of the state. */
  readonly wiring?: WiringUnit<C>;
  /** What is saved. */
  save(): S;
  /** Gets a state of a version. @returns the wiring that it says, if it does. */
  load(stream: GetStream, version: number): C | undefined;
}

/** What {@link StateUnit} says, for `ssmRegister`. */
export function stateUnit<S extends object, C extends object>(
  { name }: Pick<DeviceInstance, 'name'>,
  unit: StateUnit<S, C>,
): DeviceUnit {
  const { version, oldest, guess, wiring } = unit;
  return {
    version,
    guess,
    ...(wiring !== undefined && {
      liveExec: (stream: PutStream) => {
        stream.put(wiring.current);
        return 'VINF_SSM_DONT_CALL_AGAIN';
      },
    }),
    saveExec: (stream) => stream.put(unit.save()),
    loadExec: (stream, saved, pass, handle) => {
      if (saved < oldest || saved > version) {
        throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${saved} of '${name}'`);
      }
      if (pass === PASS_FINAL) return checkWiring(handle, wiring, unit.load(stream, saved));
      if (wiring === undefined || saved < wiring.since) {
        throw new SsmError('VERR_SSM_UNEXPECTED_PASS', `'${name}' has no live passes`);
      }
      return checkWiring(handle, wiring, stream.get(new wiring.target()));
    },
  };
}

function checkWiring<C extends object>(
  handle: LoadHandle,
  wiring: WiringUnit<C> | undefined,
  saved: C | undefined,
): ReturnType<LoadHandle['setCfgError']> | undefined {
  if (wiring === undefined || saved === undefined) return undefined;
  for (const key of Object.keys(wiring.checked) as (keyof C)[]) {
    if (saved[key] === wiring.current[key]) continue;
    return handle.setCfgError(
      `${wiring.checked[key]}: saved ${String(saved[key])}, configured ${String(wiring.current[key])}`,
    );
  }
  return undefined;
}

/** A value of a state that no device can have had. */
export function refuseState(stream: GetStream, field: string, value: number): SsmError {
  return stream.refuse('VERR_SSM_UNEXPECTED_DATA', `${field} is ${value}`);
}
