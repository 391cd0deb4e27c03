import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { MemorySource, openState } from '@ssmkit/runtime';

/** States of VirtualBox 7.2 beside the checkout, as `corpus/README.md` describes them. */
const corpus = new URL('../../../../../../../shared/corpus/', import.meta.url);

/** No unit of a device here is larger. */
const SIZE_MAX = 2 ** 22;

/** A unit of a real machine. */
export interface RealUnit {
  readonly file: string;
  readonly instance: number;
  readonly version: number;
  readonly pass: number;
  readonly bytes: Uint8Array;
}

/** All units of a name in the states of real machines, of all passes; none where the collection is absent. */
export async function realUnits(name: string): Promise<RealUnit[]> {
  const units: RealUnit[] = [];
  for (const folder of ['real-vm/', 'resume/']) {
    const url = new URL(folder, corpus);
    if (!existsSync(url)) continue;
    for (const file of readdirSync(url).filter((each) => each.endsWith('.sav'))) {
      const state = await openState(new MemorySource(readFileSync(new URL(file, url))));
      for await (const unit of state.units()) {
        if (unit.name !== name) continue;
        const { instance, version, pass, stream } = unit;
        await stream.ensure(SIZE_MAX);
        const bytes = stream.getMem(new Uint8Array(stream.buffered));
        units.push({ file: folder + file, instance, version, pass, bytes });
      }
    }
  }
  return units;
}
