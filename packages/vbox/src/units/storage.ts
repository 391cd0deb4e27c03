import type { Catalog } from '../catalog.js';
import { ledForms } from './common.js';
import { Ahci, AhciConfig } from './storage/ahci.js';
import { Ata, AtaConfig } from './storage/ata.js';
import { BusLogic, BusLogicConfig } from './storage/buslogic.js';
import { Floppy } from './storage/floppy.js';
import { LsiLogic, LsiLogicConfig } from './storage/lsilogic.js';
import { Msd, MsdConfig } from './storage/msd.js';
import { Nvme, NvmeConfig } from './storage/nvme.js';
import { VirtioScsi, virtioScsiForms } from './virtio/scsi.js';
import './storage/ahci.ssm.js';
import './storage/ata.ssm.js';
import './storage/buslogic.ssm.js';
import './storage/floppy.ssm.js';
import './storage/lsilogic.ssm.js';
import './storage/msd.ssm.js';
import './storage/nvme.ssm.js';
import './virtio/scsi.ssm.js';

/** Revisions of the product that wrote version 6 of `ahci` as version 5 (`VirtualBox 7.2 DevAHCI.cpp, ahciR3LoadExec`). */
const AHCI_REALLY_6 = { first: 79045, last: 79200 };

/** The units of disks and drives. */
export function storageUnits(catalog: Catalog): void {
  catalog
    .define({
      name: 'ahci',
      versions: [2, 3, 4, 5, 6, 7, 8, 9],
      pass: 'final',
      target: Ahci,
      prepare: (ahci, { revision }) => {
        ahci.isReally6 = revision >= AHCI_REALLY_6.first && revision <= AHCI_REALLY_6.last;
      },
    })
    .define({ name: 'ahci', versions: [3, 4, 5, 6, 7, 8, 9], pass: 'live', target: AhciConfig })
    .define({
      name: 'piix3ide',
      versions: [16, 17, 18, 19, 20, 21, 22],
      pass: 'final',
      target: Ata,
      forms: ledForms,
    })
    .define({ name: 'piix3ide', versions: [20, 21, 22], pass: 'live', target: AtaConfig })
    .define({
      name: 'i82078',
      versions: [1, 2, 3],
      pass: 'final',
      target: Floppy,
      forms: ledForms,
    })
    .define({ name: 'buslogic', versions: [1, 2, 3, 4, 5], pass: 'final', target: BusLogic })
    .define({ name: 'buslogic', versions: [1, 2, 3, 4, 5], pass: 'live', target: BusLogicConfig })
    .define({ name: 'nvme', versions: [1, 2, 3], pass: 'final', target: Nvme })
    .define({ name: 'nvme', versions: [1, 2, 3], pass: 'live', target: NvmeConfig })
    .define({ name: 'Msd', versions: [2], pass: 'final', target: Msd })
    .define({ name: 'Msd', versions: [2], pass: 'live', target: MsdConfig })
    .explain('Msd', [1], 'what it was before version 2 is not described');
  catalog.define({ name: 'virtio-scsi', versions: [1], pass: 'final', target: VirtioScsi, forms: virtioScsiForms });
  for (const name of ['lsilogicscsi', 'lsilogicsas']) {
    catalog
      .define({ name, versions: [3, 4, 5, 6], pass: 'final', target: LsiLogic })
      .define({ name, versions: [3, 4, 5, 6], pass: 'live', target: LsiLogicConfig })
      .explain(name, [1, 2], 'its configuration pages are one structure, which is not described');
  }
}
