import { isSsmError } from '@ssmkit/runtime';
import type { DeviceInstance } from '../pdm/device.js';
import type { BaseInterface } from '../pdm/interface-ids.js';

/** Attaches the driver of a LUN. @returns nothing when none is configured. @throws what it fails with. */
export async function attachDriver(
  instance: DeviceInstance,
  lun: number,
  base: BaseInterface,
  description: string,
): Promise<BaseInterface | undefined> {
  try {
    return await instance.driverAttach(lun, base, description);
  } catch (error) {
    if (isSsmError(error) && error.status === 'VERR_PDM_NO_ATTACHED_DRIVER') return undefined;
    throw error;
  }
}
