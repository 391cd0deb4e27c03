// Bits of the flags register (8086 Family User's Manual, "Flags").

export const CF = 0x0001;
export const PF = 0x0004;
export const AF = 0x0010;
export const ZF = 0x0040;
export const SF = 0x0080;
export const TF = 0x0100;
export const IF = 0x0200;
export const DF = 0x0400;
export const OF = 0x0800;

/** Bits that always read as one: 1 and 12 to 15. */
export const FLAGS_FIXED = 0xf002;
/** Bits that can be changed; 3 and 5 always read as zero. */
export const FLAGS_WRITABLE = CF | PF | AF | ZF | SF | TF | IF | DF | OF;
/** The flags that an arithmetic operation sets. */
export const FLAGS_ARITHMETIC = CF | PF | AF | ZF | SF | OF;
/** All but those: what an arithmetic operation keeps. */
export const FLAGS_KEPT = 0xffff & ~FLAGS_ARITHMETIC;

/** SF, ZF and PF of a byte. */
export const szp8 = new Uint8Array(0x100);
/** SF, ZF and PF of a word; parity counts its low byte only. */
export const szp16 = new Uint8Array(0x1_0000);

for (let value = 0; value < 0x1_0000; value++) {
  let parity = value & 0xff;
  parity ^= parity >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  const pf = (parity & 1) === 0 ? PF : 0;
  const zf = value === 0 ? ZF : 0;
  szp16[value] = pf | zf | (value & 0x8000 ? SF : 0);
  if (value < 0x100) szp8[value] = pf | zf | (value & 0x80 ? SF : 0);
}

/** Per value of the flags' low twelve bits: bit n is whether condition n of 7n (JO, JNO, JB, ...) holds. */
export const conditions = new Uint16Array(0x1000);

for (let flags = 0; flags < 0x1000; flags++) {
  const has = (mask: number) => (flags & mask) !== 0;
  const less = has(SF) !== has(OF);
  const even = [has(OF), has(CF), has(ZF), has(CF | ZF), has(SF), has(PF), less, less || has(ZF)];
  conditions[flags] = even.reduce((bits, holds, i) => bits | ((holds ? 1 : 2) << (2 * i)), 0);
}
