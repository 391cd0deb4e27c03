import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSsm } from '@ssmkit/cli/testing';
import { dispose } from '@ssmkit/examples/guest';
import { displayEnd, serialEnd } from '@ssmkit/vmm';
import { expect } from 'chai';
import { createPc, image, runFor, savedState } from './machine.js';

/** A folder for which `@ssmkit/vmm` is installed. */
const cwd = fileURLToPath(new URL('../../', import.meta.url));

describe('ssm, and what a PC has saved', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-pc-'));
  const file = join(folder, 'pc.sav');
  /** What the guest has written to its serial port, and what is on its screen. */
  let text: string;
  let shown: readonly string[];
  let registers: Readonly<Record<'ip' | 'sp', number>>;

  before(async () => {
    const uvm = await createPc();
    await runFor(uvm, 348_000_000n, () => uvm.powerOn());
    text = serialEnd(uvm).takeText();
    const info = await uvm.info.text('cpumguest');
    const register = (name: string) => Number.parseInt(new RegExp(`\\b${name}=(\\w+)`).exec(info)?.[1] ?? '', 16);
    registers = { ip: register('ip'), sp: register('sp') };
    shown = displayEnd(uvm).text ?? [];
    writeFileSync(file, await savedState(uvm));
    await dispose(uvm);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** What a command writes. It is to have no objection. */
  async function ssm(...args: string[]): Promise<string> {
    const { code, out, err } = await runSsm(args, { cwd });
    expect([code, err], args.join(' ')).to.deep.equal([0, '']);
    return out;
  }

  it('verify: finds nothing wrong', async () => {
    expect(await ssm('verify', file)).to.match(/: sound\n/);
  });

  it('info: what machine it is', async () => {
    const info = await ssm('info', file);
    for (const line of [
      /Has run +0\.348 s/,
      /CPUs +1\n/,
      /RAM +1 MiB\n/,
      /0x0000ff000…0x0000fffff +Boot ROM/,
      /Graphics +VBoxVGA, 0\.25 MiB/,
      /Ports +serial port/,
      /PS\/2 keyboard and mouse, interrupt controllers \(PIC\), interval timer \(PIT\)/,
    ]) {
      expect(info).to.match(line);
    }
  });

  it('ls: the units, in the order of the parts they are of', async () => {
    const { units } = JSON.parse(await ssm('ls', '--json', file)) as { units: { name: string }[] };
    expect(units.map(({ name }) => name).join(' ')).to.equal(
      'SSM mm pgm tm vmm em iem8086 pckbd i8259 i8254 mc146818 8237A vga serial noise pdm',
    );
  });

  it('mem map: where memory is', async () => {
    const map = await ssm('mem', 'map', file);
    expect(map).to.match(/0x00000000-0x0009ffff +640 KiB +RAM/);
    expect(map).to.match(/0x000ff000-0x000fffff +4 KiB +ROM +Boot ROM/);
    expect(map).to.match(/vga +0 +0 +- +256 KiB +VRam/);
  });

  it('mem: the program lies where it was put', async () => {
    const bytes = Array.from(image.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    expect(await ssm('mem', 'hexdump', file, '0x7c00', '16')).to.include(bytes);
  });

  it('screen: what the guest has written last', async () => {
    const lines = text.trimEnd().split('\r\n');
    expect(lines.length).to.be.greaterThan(10);
    const screen = (await ssm('screen', file)).split('\n');
    for (const line of lines) expect(screen).to.include(line);
    const ends = (all: readonly string[]) => all.map((line) => line.trimEnd()).filter((line) => line !== '');
    expect(ends(screen)).to.deep.equal(ends(shown));
  });

  it('cpu: there is none of VirtualBox', async () => {
    const { code, err } = await runSsm(['cpu', file]);
    expect(code).to.not.equal(0);
    expect(err).to.match(/VERR_SSM_UNIT_NOT_FOUND.*cpum/);
  });

  it('dump --units @ssmkit/vmm/units: the registers of the 8086', async () => {
    const json = await ssm('dump', '--json', '--units', '@ssmkit/vmm/units', file, 'iem8086');
    expect(findNumbers(JSON.parse(json))).to.deep.include(registers);
  });

  it('dump --units: every unit but that of the device that only this machine has', async () => {
    const out = await ssm('dump', '--json', '--units', '@ssmkit/vmm/units', file);
    const document = JSON.parse(out) as { units: { name?: string; raw?: string }[] };
    const raw = document.units.filter((unit) => unit.raw !== undefined).map(({ name }) => name);
    expect(raw).to.deep.equal(['noise']);
  });
});

/** All numbers in a JSON value, by their keys. */
function findNumbers(value: unknown, found: Record<string, number> = {}): Record<string, number> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'number') found[key] = inner;
    else findNumbers(inner, found);
  }
  return found;
}
