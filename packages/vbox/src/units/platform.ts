import type { Catalog } from '../catalog.js';
import { Empty } from './common.js';
import { Acpi } from './platform/acpi.js';
import { Apic, ApicOld } from './platform/apic.js';
import { Dma, DmaV1 } from './platform/dma.js';
import { Flash, PcBios, QemuFwCfg } from './platform/firmware.js';
import { Hpet, HpetConfig } from './platform/hpet.js';
import { IoApic } from './platform/ioapic.js';
import { IommuAmd, IommuIntel } from './platform/iommu.js';
import { PciBridge, PciBus } from './platform/pci.js';
import { EcamPciBus, Ich9PciBridge, Ich9PciBus } from './platform/pci-ich9.js';
import { Pic } from './platform/pic.js';
import { Pit, PitConfig } from './platform/pit.js';
import { Ps2Controller } from './platform/ps2.js';
import { Rtc, RtcConfig } from './platform/rtc.js';
import { Tpm, TpmPpi } from './platform/tpm.js';
import './platform/acpi.ssm.js';
import './platform/apic.ssm.js';
import './platform/dma.ssm.js';
import './platform/firmware.ssm.js';
import './platform/hpet.ssm.js';
import './platform/ioapic.ssm.js';
import './platform/iommu.ssm.js';
import './platform/pci.ssm.js';
import './platform/pci-ich9.ssm.js';
import './platform/pic.ssm.js';
import './platform/pit.ssm.js';
import './platform/ps2.ssm.js';
import './platform/rtc.ssm.js';
import './platform/tpm.ssm.js';

/** The units of the devices that make a PC. */
export function platformUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'i8254', versions: [2, 3, 4], pass: 'final', target: Pit })
    .define({ name: 'i8254', versions: [3, 4], pass: 'live', target: PitConfig })
    .define({ name: 'i8259', versions: [1], pass: 'final', target: Pic })
    .define({ name: 'mc146818', versions: [1, 2, 3, 4], pass: 'final', target: Rtc })
    .define({ name: 'mc146818', versions: [2, 3, 4], pass: 'live', target: RtcConfig })
    .define({ name: 'pckbd', versions: [2, 3, 4, 5, 6, 7, 8], pass: 'final', target: Ps2Controller })
    .define({ name: '8237A', versions: [2], pass: 'final', target: Dma })
    .define({ name: '8237A', versions: [1], pass: 'final', target: DmaV1 })
    .define({ name: 'ioapic', versions: [1, 2, 3], pass: 'final', target: IoApic })
    .define({ name: 'acpi', versions: [4, 5, 6, 7, 8], pass: 'final', target: Acpi })
    .define({ name: 'hpet', versions: [2, 3], pass: 'final', target: Hpet })
    .define({ name: 'hpet', versions: [1], pass: 'final', target: Empty })
    .define({ name: 'hpet', versions: [2, 3], pass: 'live', target: HpetConfig });
  localApics(catalog);
  pciBuses(catalog);
  firmware(catalog);
}

function localApics(catalog: Catalog): void {
  for (const name of ['apic', 'apic-nem']) {
    catalog.define({ name, versions: [4, 5], pass: 'final', target: Apic }).define({
      name,
      versions: [1, 2, 3],
      pass: 'final',
      target: ApicOld,
      prepare: (apic, { cpuCount }) => {
        apic.machineCpus = cpuCount ?? 1;
      },
    });
  }
}

function pciBuses(catalog: Catalog): void {
  catalog
    .define({ name: 'pci', versions: [1, 2, 3, 4], pass: 'final', target: PciBus })
    .define({ name: 'pcibridge', versions: [1, 2, 3, 4], pass: 'final', target: PciBridge })
    .define({ name: 'ich9pci', versions: [2, 3, 4], pass: 'final', target: Ich9PciBus })
    .define({ name: 'ich9pcibridge', versions: [2, 3, 4], pass: 'final', target: Ich9PciBridge })
    .define({ name: 'pci-generic-ecam', versions: [4], pass: 'final', target: EcamPciBus })
    .define({ name: 'pci-generic-ecam-bridge', versions: [4], pass: 'final', target: Ich9PciBridge });
}

function firmware(catalog: Catalog): void {
  catalog
    .define({ name: 'pcbios', versions: [0], pass: 'final', target: PcBios })
    .define({ name: 'efi', versions: [3], pass: 'final', target: Flash })
    .explain('efi', [1, 2], 'it holds the variables of EFI in a layout of older releases')
    .define({ name: 'flash', versions: [1], pass: 'final', target: Flash })
    .define({ name: 'smc', versions: [1, 2], pass: 'final', target: Empty })
    .define({ name: 'tpm', versions: [1], pass: 'final', target: Tpm })
    .define({ name: 'tpm-ppi', versions: [1], pass: 'final', target: TpmPpi })
    .define({ name: 'iommu-intel', versions: [1], pass: 'final', target: IommuIntel })
    .define({
      name: 'iommu-amd',
      versions: [1],
      pass: 'final',
      target: IommuAmd,
      prepare: (iommu, { size }) => {
        iommu.unitBytes = size;
      },
    })
    .define({ name: 'qemu-fw-cfg', versions: [1], pass: 'final', target: QemuFwCfg });
}
