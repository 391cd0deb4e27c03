import type { Catalog } from '../catalog.js';
import { Ac97 } from './audio/ac97.js';
import { Hda } from './audio/hda.js';
import { Sb16, Sb16Config } from './audio/sb16.js';
import { isSince } from './common.js';
import './audio/ac97.ssm.js';
import './audio/hda.ssm.js';
import './audio/sb16.ssm.js';

/** The units of sound devices. */
export function audioUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'sb16', versions: [2], pass: 'final', target: Sb16 })
    .define({ name: 'sb16', versions: [2], pass: 'live', target: Sb16Config })
    .explain('sb16', [1], 'what it was before version 2 is not described')
    .define({ name: 'ichac97', versions: [1], pass: 'final', target: Ac97 })
    .define({ name: 'hda', versions: [8], pass: 'final', target: Hda })
    .define({
      name: 'hda',
      versions: [7],
      pass: 'final',
      target: Hda,
      prepare: (hda, { product }) => {
        hda.savesIrqLevel = product === undefined || isSince(product, 5, 2);
      },
    })
    .explain('hda', [1, 2, 3, 4, 5, 6], 'its streams are of older structures, which are not described in full');
}
