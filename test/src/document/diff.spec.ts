import type { DiffDocument } from '@ssmkit/cli';
import { runSsm } from '@ssmkit/cli/testing';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

describe('ssm diff of real states', function () {
  this.timeout(60_000);
  const path = (name: string) => corpusPath(`real-vm/${name}`);

  async function diff(test: Mocha.Context, a: string, b: string): Promise<DiffDocument> {
    const [one, other] = [path(a), path(b)];
    if (one === undefined || other === undefined) test.skip();
    return JSON.parse((await runSsm(['diff', one, other, '--json'])).out) as DiffDocument;
  }

  it('names what the BIOS has done since the machine was turned on', async function () {
    const { units, memory } = await diff(this, 'vm16-0-poweron.sav', 'vm16-2-afterbios.sav');
    const paths = (name: string) => units.find(({ unit }) => unit.name === name)?.changes?.map((change) => change.path);
    // Time goes on; the interrupt controllers are set up; the keyboard is used; the adapter shows text.
    expect(paths('mc146818')).to.include('time.seconds');
    expect(paths('i8259')).to.include.members(['master.irqBase', 'slave.irqBase', 'master.imr']);
    expect(paths('pckbd')).to.include.members(['status', 'mode']);
    expect(paths('vga')).to.include('registers.crIndex');
    expect(paths('i8254')).to.include('counter0.mode');
    expect(paths('cpum')).to.include('cpus[0].context.rip');
    // Interrupt vectors and the BIOS data area are in page 0.
    const [ram, vram] = memory;
    expect(ram?.what).to.equal('RAM and ROM');
    expect(ram?.changed.ranges[0]?.start).to.equal(0);
    expect(vram?.what).to.match(/^vga#0/);
  });

  it('finds nothing in which a state differs from itself, written anew', async function () {
    const file = path('vm16-2-afterbios.sav');
    if (file === undefined) this.skip();
    const { stdout: document } = await runSsm(['dump', file, '--json']);
    const { stdout: stdin } = await runSsm(['build', '-', '-'], { stdin: document });
    expect(await runSsm(['diff', file, '-'], { stdin })).to.deep.include({ code: 0, out: '', err: '' });
  });

  it('compares the memory of a live save with that of another save', async function () {
    const { memory, units } = await diff(this, 'vm16-1-live.sav', 'vm16-2-afterbios.sav');
    expect(units.some(({ unit, kind }) => unit.name === 'pgm' && kind !== 'fields')).to.equal(false);
    for (const { pages, changed } of memory) {
      expect(pages * 4096).to.equal(changed.ranges.reduce((sum, { size }) => sum + size, 0));
    }
  });
});
