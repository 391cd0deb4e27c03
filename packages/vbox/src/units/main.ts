import type { Catalog } from '../catalog.js';
import { AUTO_MOUNT_REVISION, ConsoleData, NvramStore } from './main/console.js';
import { DisplayData, DisplayScreenshot } from './main/display.js';
import { Hgcm } from './main/hgcm.js';
import './main/console.ssm.js';
import './main/display.ssm.js';
import './main/hgcm.ssm.js';

/** The units of VirtualBox's main API; only states that were saved through it have them. */
export function mainUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'DisplayScreenshot', versions: [0x10001], pass: 'final', target: DisplayScreenshot })
    .define({
      name: 'DisplayData',
      versions: [0x10001, 0x10002, 0x10003, 0x10004, 0x10005],
      pass: 'final',
      target: DisplayData,
    })
    .define({ name: 'ConsoleData', versions: [0x10000, 0x10002], pass: 'final', target: ConsoleData })
    .define({
      name: 'ConsoleData',
      versions: [0x10001],
      pass: 'final',
      target: ConsoleData,
      prepare: (console, { openSource, revision }) => {
        console.hasAutoMount = openSource === true || revision >= AUTO_MOUNT_REVISION;
      },
    })
    .define({ name: 'HGCM', versions: [2, 3], pass: 'final', target: Hgcm })
    .define({ name: 'NvramStore', versions: [1], pass: 'final', target: NvramStore });
}
