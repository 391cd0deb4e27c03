/*
 * What examples/guests/machine.asm must write, by its description: 256 KiB of memory in which words, chosen by a shift
 * register with feedback, change, and a sum over all that is read.
 */

/** Words of the tested memory, and of one of its blocks. */
const WORDS = 0x2_0000;
const BLOCK = 1024;

export interface MachineBuild {
  readonly lines: number;
  readonly ticks: number;
  readonly pokes: number;
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

export function machineOutput({ lines, ticks, pokes }: MachineBuild): string {
  const memory = new Uint16Array(WORDS);
  for (let i = 0; i < WORDS; i++) memory[i] = 0x1234 + 0x9e37 * (i >> 15);
  let register = 0x1d87_ace1n;
  let sum = 0n;

  const add = (word: number) => {
    sum = BigInt.asUintN(32, sum + BigInt(word));
    sum = BigInt.asUintN(32, (sum << 1n) | (sum >> 31n));
  };
  const addBlock = (block: number) => {
    for (let i = 0; i < BLOCK; i++) add(memory[block * BLOCK + i] as number);
  };
  const poke = () => {
    // x^32 + x^22 + x^2 + x + 1, going right.
    register = (register >> 1n) ^ ((register & 1n) === 1n ? 0x8020_0003n : 0n);
    const index = Number((register >> 1n) & 0x7fffn);
    const bank = Number((register >> 16n) & 3n);
    const low = Number(register & 0xffffn);
    const high = Number(register >> 16n);
    const mixed = (memory[bank * 0x8000 + index] as number) ^ low;
    const word = ((((mixed << 1) | (mixed >> 15)) & 0xffff) + high) & 0xffff;
    memory[bank * 0x8000 + index] = word;
    add(word);
  };

  const output: string[] = [];
  for (let line = 1; line <= lines; line++) {
    for (let i = 0; i < pokes; i++) poke();
    addBlock((line - 1) % (WORDS / BLOCK));
    const folded = Number((sum ^ (sum >> 16n)) & 0xffffn);
    const checks = ['rtc', 'dma', 'pic', 'pit', 'com'].map((name) => `${name}=ok`).join(' ');
    output.push(`${line} ticks=${line * ticks} ${checks} sum=${hex(folded, 4)}\r\n`);
  }
  for (let block = 0; block < WORDS / BLOCK; block++) addBlock(block);
  output.push(`end sum=${hex(Number(sum), 8)}\r\n`);
  return output.join('');
}
