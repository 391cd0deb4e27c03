/** What a PC's firmware sums up, and where it keeps the sum, high byte first. */
const FIRST = 0x10;
const END = 0x2e;
const SUM = 0x2e;

/** The checksum of a PC's configuration in the CMOS memory: the sum of 0x10…0x2D. */
export function cmosChecksum(cmos: Uint8Array): number {
  return cmos.subarray(FIRST, END).reduce((sum, byte) => (sum + byte) & 0xffff, 0);
}

/** The checksum that is stored. */
export const storedChecksum = (cmos: Uint8Array) => ((cmos[SUM] as number) << 8) | (cmos[SUM + 1] as number);

/** Stores {@link cmosChecksum} at 0x2E. */
export function storeCmosChecksum(cmos: Uint8Array): void {
  const sum = cmosChecksum(cmos);
  cmos[SUM] = sum >> 8;
  cmos[SUM + 1] = sum & 0xff;
}

/** Whether the checksum is of a byte of the CMOS memory. */
export const isSummed = (address: number) => address >= FIRST && address < END;
