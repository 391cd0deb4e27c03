import type { DriverRegistration } from '../../pdm/driver.js';
import { rawFile } from './raw-file.js';
import { rawImage } from './raw-image.js';

/** Registers the drivers of files, which browsers have none of. */
export function nodeDrivers(callbacks: { register(driver: DriverRegistration): void }): void {
  for (const driver of [rawFile, rawImage]) callbacks.register(driver);
}

export { rawFile, rawImage };
