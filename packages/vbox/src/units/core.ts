import type { Catalog } from '../catalog.js';
import { cpusOf } from './per-cpu.js';
import { Em, Trpm, Trpm9, Vmm } from './vmm/execution.js';
import { Gcm, Gim } from './vmm/gim.js';
import { Hwaccm } from './vmm/hm.js';
import { Pdm, PdmBlkCache, PdmLive } from './vmm/pdm.js';
import { Skipped } from './vmm/skipped.js';
import { Mm, MmV1, Ssm, SsmLiveControl } from './vmm/ssm.js';
import { Tm } from './vmm/time.js';
import './vmm/execution.ssm.js';
import './vmm/gim.ssm.js';
import './vmm/hm.ssm.js';
import './vmm/pdm.ssm.js';
import './vmm/skipped.ssm.js';
import './vmm/ssm.ssm.js';
import './vmm/time.ssm.js';

/** The units of the virtual machine monitor itself. */
export function coreUnits(catalog: Catalog): void {
  catalog
    .define({ name: 'SSM', versions: [1], target: Ssm })
    .define({ name: 'SSMLiveControl', versions: [1], target: SsmLiveControl })
    .define({ name: 'mm', versions: [2], pass: 'final', target: Mm })
    .define({ name: 'mm', versions: [1], pass: 'final', target: MmV1 })
    .define({
      name: 'tm',
      versions: [3],
      pass: 'final',
      target: Tm,
      prepare: (tm, context) => {
        tm.cpuCount = cpusOf(context, tm.tsc.length, (size) => (size - 65) / 8);
      },
    })
    .define({ name: 'GCM', versions: [1], pass: 'final', target: Gcm })
    .define({ name: 'pdmblkcache', versions: [1], pass: 'final', target: PdmBlkCache });
  execution(catalog);
  devices(catalog);
  hypervisors(catalog);
  stubs(catalog);
}

function execution(catalog: Catalog): void {
  // Bytes of a started flag, of raw mode's stack (on darwin up to 3.0 a larger one), and of a CPU of `em` and `trpm`.
  catalog
    .define({
      name: 'vmm',
      versions: [4],
      pass: 'final',
      target: Vmm,
      prepare: (vmm, context) => {
        vmm.otherCpus = cpusOf(context, vmm.started.length, (size) => size - 4);
      },
    })
    .define({
      name: 'vmm',
      versions: [3],
      pass: 'final',
      target: Vmm,
      prepare: (vmm, { size }) => {
        if (size !== undefined) vmm.stackBytes = size < 12 + 16384 ? 8192 : 16384;
        else vmm.stackBytes = vmm.stack.length;
        vmm.otherCpus = size === undefined ? vmm.started.length : size - 12 - vmm.stackBytes;
      },
    });
  for (const [bytes, versions] of [
    [1, [2]],
    [5, [3]],
    [49, [4, 5]],
  ] as const) {
    catalog.define({
      name: 'em',
      versions,
      pass: 'final',
      target: Em,
      prepare: (em, context) => {
        em.cpuCount = cpusOf(context, em.cpus.length, (size) => size / bytes);
      },
    });
  }
  catalog.define({
    name: 'trpm',
    versions: [10, 11],
    pass: 'final',
    target: Trpm,
    prepare: (trpm, context) => {
      trpm.cpuCount = cpusOf(context, trpm.cpus.length, (size) => size / 22);
    },
  });
  for (const version of [8, 9]) {
    catalog.define({
      name: 'trpm',
      versions: [version],
      pass: 'final',
      target: Trpm9,
      prepare: (trpm, context) => {
        trpm.cpuCount = version === 8 ? 1 : cpusOf(context, trpm.cpus.length);
        trpm.unitBytes = context.size;
      },
    });
  }
}

function devices(catalog: Catalog): void {
  catalog
    .define({
      name: 'pdm',
      versions: [3, 4, 5],
      pass: 'final',
      target: Pdm,
      prepare: (pdm, context) => {
        pdm.cpuCount = cpusOf(context, pdm.cpus.length);
      },
    })
    .define({ name: 'pdm', versions: [3, 4, 5], pass: 'live', target: PdmLive });
}

function hypervisors(catalog: Catalog): void {
  catalog
    .define({
      name: 'HWACCM',
      versions: [3, 4, 5],
      pass: 'final',
      target: Hwaccm,
      prepare: (hm, context) => {
        hm.cpuCount = cpusOf(context, hm.pending.length);
      },
    })
    .define({
      name: 'HWACCM',
      versions: [6],
      pass: 'final',
      target: Hwaccm,
      // Without AMD-V in the guest there is nothing for its CPUs; else something for each.
      forms: [
        (hm) => {
          hm.hasSvm = false;
        },
        (hm) => {
          hm.hasSvm = true;
        },
      ],
      prepare: (hm, context) => {
        hm.svmCount = hm.hasSvm || context.size === undefined ? cpusOf(context, hm.svmCaches.length) : 0;
      },
    })
    .define({
      name: 'GIM',
      versions: [1],
      pass: 'final',
      target: Gim,
      prepare: (gim, context) => {
        gim.cpuCount = cpusOf(context, (gim.hyperV ?? gim.kvm)?.cpus.length ?? 1);
      },
    });
}

/** What older versions had, by the names and instances that VirtualBox still registers. */
function stubs(catalog: Catalog): void {
  for (const name of ['CSAM', 'PATM', 'rem', 'selm']) {
    catalog.define({
      name,
      versions: 'any',
      target: Skipped,
      prepare: (unit, { size }) => {
        unit.unitBytes = size;
      },
    });
  }
}
