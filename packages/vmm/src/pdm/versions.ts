/**
 * A version word (`pdmcommon.h, PDM_VERSION_MAKE`): 16 bits of magic, which say what kind of structure it is, eight of the
 * major version in bits 4…11, four of the minor in bits 0…3.
 */
export function makePdmVersion(magic: number, major: number, minor: number): number {
  return ((magic << 16) | (major << 4) | minor) >>> 0;
}

/** The version words of this PDM: those of VirtualBox 7.x (`pdmcommon.h`, `pdmdev.h`, `pdmdrv.h`, `pdmusb.h`). */
export const pdmVersions = {
  deviceRegistration: makePdmVersion(0xffff, 4, 0),
  deviceInstance: makePdmVersion(0xff82, 4, 0),
  deviceHelpers: makePdmVersion(0xffe7, 71, 0),
  deviceHelpersR0: makePdmVersion(0xffe5, 27, 0),
  deviceHelpersRc: makePdmVersion(0xffe6, 19, 0),
  deviceRegisterCallbacks: makePdmVersion(0xffe3, 1, 0),
  driverRegistration: makePdmVersion(0xf0ff, 1, 0),
  driverInstance: makePdmVersion(0xf0fe, 2, 0),
  driverHelpers: makePdmVersion(0xf0fb, 16, 0),
  driverHelpersR0: makePdmVersion(0xf0f8, 6, 0),
  driverHelpersRc: makePdmVersion(0xf0f9, 6, 0),
  driverRegisterCallbacks: makePdmVersion(0xf0fa, 1, 0),
  usbRegistration: makePdmVersion(0xeeff, 2, 0),
  usbHelpers: makePdmVersion(0xeefe, 7, 0),
  usbInstance: makePdmVersion(0xeefd, 3, 0),
  usbRegisterCallbacks: makePdmVersion(0xeefc, 1, 0),
  /** Known by no fact: ours. */
  usbHubRegistration: makePdmVersion(0xeefb, 1, 0),
  thread: makePdmVersion(0xefff, 1, 0),
} as const;

const MINOR_BITS = 0xf;

/**
 * Whether a structure of one version serves those who were made for another (`PDM_VERSION_ARE_COMPATIBLE`): it is the same,
 * or differs in a higher minor version only. For instances and helpers; registrations must be equal.
 */
export function arePdmVersionsCompatible(version: number, wanted: number): boolean {
  return version === wanted || (version >= wanted && (version | MINOR_BITS) === (wanted | MINOR_BITS));
}
