import type { InfoDocument } from '@ssmkit/cli';
import { runSsm } from '@ssmkit/cli/testing';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

describe('ssm info of real states', function () {
  this.timeout(60_000);
  const info = async (test: Mocha.Context, name: string) => {
    const path = corpusPath(name);
    if (path === undefined) test.skip();
    const { machine } = JSON.parse((await runSsm(['info', path, '--json'])).out) as InfoDocument;
    return machine;
  };

  it('a machine with many devices', async function () {
    const machine = await info(this, 'real-vm/full-1-live.sav');
    expect(machine).to.deep.include({
      product: '7.2.22',
      live: true,
      host: 'linux.amd64',
      cpuCount: 3,
      ramBytes: 5000 * 2 ** 20,
      chipset: 'PIIX3',
      firmware: 'BIOS',
      graphics: 'VBoxVGA',
    });
    // RAM goes on above the hole.
    const ram = machine.ranges.filter(({ what }) => what === 'RAM');
    expect(ram.map(({ address }) => address)).to.deep.equal([0, 2 ** 32]);
    expect(ram.reduce((sum, { size }) => sum + size, 0)).to.equal(5000 * 2 ** 20);
    expect(machine.cpu).to.deep.include({ vendor: 'AuthenticAMD', family: 26 });
    expect(machine.clock?.time).to.equal('2026-11-20T18:20:10');
    expect(machine.devices.map(({ name }) => name)).to.include.members(['ahci', 'e1000', 'hda', 'usb-xhci']);
  });

  it('a machine with a picture of its screen', async function () {
    const machine = await info(this, 'resume/real1.sav');
    expect(machine).to.deep.include({ cpuCount: 1, screenshot: { width: 720, height: 400 }, additions: null });
  });

  it('a machine with the other graphics controller', async function () {
    expect((await info(this, 'real-vm/svga-2-afterbios.sav')).graphics).to.equal('VMSVGA');
  });
});
