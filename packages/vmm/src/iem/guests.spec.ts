import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { machineOutput } from './testing/machine-output.js';
import { GuestPc, type PcOptions } from './testing/pc.js';

const file = (name: string) => fileURLToPath(new URL(`../../../../examples/guests/${name}`, import.meta.url));
const text = (name: string) => readFileSync(file(name), 'latin1');

function boot(name: string, options: PcOptions = {}): GuestPc {
  const pc = new GuestPc(options);
  pc.boot(readFileSync(file(name)));
  return pc;
}

/** What a guest writes. It must come to its end. */
function outputOf(name: string, options: PcOptions = {}): string {
  const pc = boot(name, options);
  expect(pc.run(), `${name} ends; so far ${pc.output.slice(-100)}`).to.equal(true);
  return pc.output;
}

/** Numbers below a bound, by xorshift. */
function randomFrom(seed: number): (bound: number) => number {
  let x = seed;
  return (bound) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % bound;
  };
}

function flip(pc: GuestPc, address: number, bit: number): void {
  pc.memory.bytes[address] = (pc.memory.bytes[address] as number) ^ (1 << bit);
}

describe('guest programs', () => {
  const builds: readonly [binary: string, source: string, definitions: readonly string[]][] = [
    ['count.bin', 'count.asm', []],
    ['machine.bin', 'machine.asm', []],
    ['machine-short.bin', 'machine.asm', ['-DLINES=20', '-DTICKS=2', '-DPOKES=128']],
    ['keyboard.bin', 'keyboard.asm', []],
  ];
  const nasm = spawnSync('nasm', ['-v']).status === 0;
  for (const [binary, source, definitions] of builds) {
    (nasm ? it : it.skip)(`${binary} is what its source gives${nasm ? '' : ' (no nasm here)'}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'guest-'));
      try {
        const output = join(folder, binary);
        const include = `-i${file('')}`;
        const { status, stderr } = spawnSync('nasm', [
          '-f',
          'bin',
          include,
          ...definitions,
          '-o',
          output,
          file(source),
        ]);
        expect(status, String(stderr)).to.equal(0);
        expect(readFileSync(output).equals(readFileSync(file(binary)))).to.equal(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it(`${binary} has its command in its source and in the manual`, () => {
      const command = ['nasm -f bin', ...definitions, '-o', binary, source].join(' ');
      expect(text(source)).to.include(`;     ${command}\n`);
      expect(text('README.md')).to.include(`${command}\n`);
    });
  }
});

describe('the guest that shows any loss of state', () => {
  const short = text('machine-short.txt');

  it('writes what its algorithm says', () => {
    expect(text('machine.txt')).to.equal(machineOutput({ lines: 200, ticks: 5, pokes: 256 }));
    expect(short).to.equal(machineOutput({ lines: 20, ticks: 2, pokes: 128 }));
  });

  it('writes it on a PC, as the manual shows', () => {
    expect(outputOf('machine.bin')).to.equal(text('machine.txt'));
    const [sample] = /^ {4}\d+ ticks=.*$/m.exec(text('README.md')) ?? [];
    expect(text('machine.txt').split('\r\n')).to.include(sample?.trim());
  });

  for (const stepTime of [20, 100, 1000, 3000, 30_000]) {
    it(`writes the same when a step takes ${stepTime} ns`, () => {
      expect(outputOf('machine-short.bin', { stepTime: () => stepTime })).to.equal(short);
    });
  }

  it('writes the same without the noise device', () => {
    expect(outputOf('machine-short.bin', { noiseTime: () => 0 })).to.equal(short);
  });

  it('writes the same whenever interrupts come, on a host that stumbles', () => {
    const host = fc.record({
      step: fc.integer({ min: 50, max: 2000 }),
      noise: fc.integer({ min: 20, max: 3000 }),
      seed: fc.nat(0xffff_fffe),
    });
    fc.assert(
      fc.property(host, ({ step, noise, seed }) => {
        const next = randomFrom(seed + 1);
        // Once in 5000 steps nothing happens for up to half a second.
        const stepTime = () => (next(5000) === 0 ? next(500_000_000) : step);
        const noiseTime = () => noise * (500 + next(1000));
        expect(outputOf('machine-short.bin', { stepTime, noiseTime })).to.equal(short);
      }),
      { numRuns: 8 },
    );
  });

  /** Lines from number `from` on say BAD of one thing, and all else is as it was. */
  const spoilt = (output: string, from: number, what: string) =>
    output
      .split('\r\n')
      .map((line, i) => (i + 1 >= from && i < 20 ? line.replace(`${what}=ok`, `${what}=BAD`) : line))
      .join('\r\n');

  /** At which line a fault comes: when so much was written. */
  const at = (pc: () => GuestPc) => pc().output.includes('10 ticks=');

  const registers: readonly [what: string, port: number, wrong: number][] = [
    ['rtc', 0x71, 0x28],
    ['dma', 0x02, 0xa4],
    ['dma', 0x83, 0x07],
    ['pic', 0x21, 0xc8],
    ['pic', 0xa1, 0xff],
    ['pic', 0xa0, 0x01],
    ['pit', 0x61, 0x00],
    ['pit', 0x42, 0x30],
    ['com', 0x3fb, 0x83],
    ['com', 0x3fc, 0x03],
    ['com', 0x3ff, 0x00],
  ];
  for (const [what, port, wrong] of registers) {
    it(`tells that ${what} is bad when port ${port.toString(16)} reads ${wrong.toString(16)}`, () => {
      const pc: GuestPc = boot('machine-short.bin', {
        fault: (from, value) => (from === port && at(() => pc) ? wrong : value),
      });
      expect(pc.run()).to.equal(true);
      const from = pc.output.split('\r\n').findIndex((line) => line.includes(`${what}=BAD`)) + 1;
      expect(from).to.be.within(10, 12);
      expect(pc.output).to.equal(spoilt(short, from, what));
    });
  }

  const devices: readonly [name: string, lose: (pc: GuestPc) => void][] = [
    [
      'a byte of DMA is lost',
      (pc) => {
        pc.noise = (pc.noise * 5 + 13) & 0xff;
      },
    ],
    [
      'a byte of DMA comes twice',
      (pc) => {
        // 205 is the inverse of 5.
        pc.noise = ((pc.noise - 13) * 205) & 0xff;
      },
    ],
    ['a byte of the DMA buffer changes', (pc) => flip(pc, 0x6_a580, 0)],
  ];
  for (const [name, lose] of devices) {
    it(`tells when ${name}`, () => {
      let done = false;
      const pc: GuestPc = boot('machine-short.bin', {
        noiseTime: () => 400_000,
        stepTime: () => {
          if (!done && at(() => pc)) {
            done = true;
            lose(pc);
          }
          return 500;
        },
      });
      expect(pc.run()).to.equal(true);
      const from = pc.output.split('\r\n').findIndex((line) => line.includes('dma=BAD')) + 1;
      expect(from).to.be.within(10, 12);
      expect(pc.output).to.equal(spoilt(short, from, 'dma'));
    });
  }

  it('tells when a bit of memory changes, wherever', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x1_0000, max: 0x4_ffff }), fc.nat(7), (address, bit) => {
        let done = false;
        const pc: GuestPc = boot('machine-short.bin', {
          stepTime: () => {
            if (!done && at(() => pc)) {
              done = true;
              flip(pc, address, bit);
            }
            return 500;
          },
        });
        expect(pc.run()).to.equal(true);
        expect(pc.output.length).to.equal(short.length);
        expect(pc.output.slice(-10)).to.not.equal(short.slice(-10));
      }),
      { numRuns: 8 },
    );
  });
});

describe('the guest that echoes the keyboard', () => {
  it('writes scan codes, and ends with Esc', () => {
    const keys = [0x1e, 0x9e, 0xe0, 0x48, 0xe0, 0xc8, 0x01, 0x81];
    const codes = keys.map((key) => `${key.toString(16).padStart(2, '0')}\r\n`).join('');
    const pc = boot('keyboard.bin', { keys });
    pc.run();
    expect(pc.output).to.equal(`ready\r\n${codes}end\r\n`);
    const screen = Array.from({ length: 3 }, (_, row) =>
      String.fromCharCode(
        ...Array.from({ length: 80 }, (_, i) => pc.memory.bytes[0xb_8000 + row * 160 + i * 2]!),
      ).trimEnd(),
    );
    expect(screen).to.deep.equal(['ready', '1e', '9e']);
  });
});
