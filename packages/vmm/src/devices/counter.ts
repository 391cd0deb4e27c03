import type { DeviceInstance } from '../pdm/device.js';
import { Counter, type SampleUnit, type SampleVisibility } from '../stam/index.js';

/** Registers a counter below a device's own prefix. */
export function registerCounter(
  instance: Pick<DeviceInstance, 'statRegister'>,
  name: string,
  unit: SampleUnit,
  description: string,
  visibility: SampleVisibility = 'always',
): Counter {
  const sample = new Counter();
  instance.statRegister({ name, type: 'counter', sample, unit, visibility, description });
  return sample;
}
