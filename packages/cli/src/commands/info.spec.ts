import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { InfoDocument } from '../index.js';
import { runSsm } from '../testing.js';

/** The clock of a machine: 1999-12-31 23:59:58 in UTC, as version 2 has it. */
const clock = (state: ReturnType<typeof sav>) => {
  state.unit('mc146818', 0, { version: 2 }).u8(8).u16(0x70).u8(1).mem(new Uint8Array(128)).u8(0);
  for (const value of [58, 59, 23, 5, 31, 11, 99]) state.u32(value);
  return state.u8(4).u64(0n).u64(0n).u64(0n).u8(4).u64(0n).u8(4);
};
const devices = (state: ReturnType<typeof sav>) => {
  state.unit('pdm', 0, { version: 5 }).u32(0).u32(0).u32(0).u32(0).u32(0);
  for (const [i, name] of ['pcarch', 'e1000', 'e1000', 'made-up'].entries()) {
    state
      .u32(i)
      .strZ(name)
      .u32(name === 'e1000' ? i - 1 : 0);
  }
  return state.u32(0xffffffff);
};
const state = () => {
  const made = sav({ self: true, hostOs: 'win.amd64' }).unit('pcbios').unit('ich9pci');
  made
    .unit('mm', 0, { version: 2 })
    .u64(1000n)
    .u64(BigInt(64 * 2 ** 20))
    .unit('vmm', 1, { version: 4 })
    .u32(0);
  return made;
};

describe('ssm info', () => {
  it('says what the state tells', async () => {
    const stdin = devices(clock(state())).bytes();
    const { code, out, err } = await runSsm(['info', '-'], { stdin });
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    for (const line of [
      / {2}Saved by {4}VirtualBox 7\.2\.22 r\d+ \(format V2\.0\)\n/,
      / {2}Host {8}win\.amd64\n/,
      / {2}RAM {9}64 MiB\n/,
      / {2}Firmware {4}BIOS\n/,
      / {2}Chipset {5}ICH9\n/,
      / {2}Network {5}2 × network adapter \(Intel PRO\/1000\)\n/,
      / {2}Other {7}made-up\n/,
      / {2}System {6}PC architecture\n/,
      / {2}\* RAM: 64 MiB \(--memory 64\)\n/,
      / {2}\* chipset: ICH9 \(--chipset ich9\)\n/,
      / {2}\* network adapter \(Intel PRO\/1000\): 2 \(e1000\)\n/,
    ]) {
      expect(out).to.match(line);
    }
  });

  it('--json has all keys, null where nothing is known', async () => {
    const { out } = await runSsm(['info', '-', '--json'], { stdin: devices(state()).bytes() });
    const { machine, needs, errors } = JSON.parse(out) as InfoDocument;
    expect(errors).to.deep.equal([]);
    expect(machine).to.deep.include({ ramBytes: 64 * 2 ** 20, clock: null, cpu: null, screenshot: null, ranFor: null });
    expect(machine.devices[3]).to.deep.equal({ name: 'made-up', instance: 0, what: 'made-up', kind: 'other' });
    expect(needs).to.deep.include({ what: 'chipset', value: 'ICH9', option: '--chipset ich9' });
  });

  it('says that a unit is damaged which it reads, and what the others tell', async () => {
    const stdin = state()
      .unit('efi', 0, { term: (view) => view.setUint32(4, 0, true) })
      .bytes();
    const { code, out, err } = await runSsm(['info', '-'], { stdin });
    expect(code).to.equal(1);
    expect(out).to.contain('ICH9');
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_TERM_CRC: .*unit 'efi'.*\n$/);
  });

  it('does not check the other units: that is for ssm verify', async () => {
    const stdin = state()
      .unit('x', 0, { term: (view) => view.setUint32(4, 0, true) })
      .bytes();
    expect(await runSsm(['info', '-'], { stdin })).to.deep.include({ code: 0, err: '' });
    expect((await runSsm(['verify', '-'], { stdin })).code).to.equal(1);
  });

  it('of a state that was cut off says what is left', async () => {
    const whole = devices(clock(state())).bytes();
    const { code, out, err } = await runSsm(['info', '-'], { stdin: whole.subarray(0, whole.length - 200) });
    expect(code).to.equal(1);
    expect(out).to.match(/ {2}Chipset {5}ICH9\n/);
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_FOOTER: .*\n/);
  });

  it('fits the terminal', async () => {
    const { out } = await runSsm(['info', '-'], { stdin: devices(state()).bytes(), width: 40 });
    expect(Math.max(...out.split('\n').map((line) => line.length))).to.be.at.most(60);
  });
});
