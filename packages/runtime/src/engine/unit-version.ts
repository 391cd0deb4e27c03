/*
 * Versions of units in two halves
 *
 * The version of a unit is one number, which SSM passes on and never looks at. A unit that wants to tell changes which
 * older code can cope with from those it cannot may split it: major in the high 16 bits, minor in the low ones
 * (`ssm.h, SSM_VERSION_*`).
 */

/** The major half of a version, where it stands: 0x00030002 → 0x00030000. */
export const majorVersion = (version: number): number => (version & 0xffff0000) >>> 0;

/** The minor half of a version: 0x00030002 → 2. */
export const minorVersion = (version: number): number => version & 0xffff;

/** Whether two versions differ in their major halves: data of the one cannot be loaded by code for the other. */
export const majorVersionChanged = (one: number, other: number): boolean => majorVersion(one) !== majorVersion(other);
