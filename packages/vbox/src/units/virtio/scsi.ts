import { Bool, Nested, SsmStream, Transient, U16, U32 } from '@ssmkit/schema';
import { VirtioCore } from './core.js';

// `virtio-scsi`: the virtio SCSI controller (`VirtualBox 7.2 DevVirtioSCSI.cpp, virtioScsiR3SaveExec`).

/** A target's requests that are to be done again. */
@SsmStream()
export class VirtioScsiRequest {
  @U16() queue = 0;
  @U16() descriptor = 0;
}

/** A target with a disk. */
@SsmStream()
export class VirtioScsiTarget {
  @Nested(VirtioScsiRequest, { count: { stream: 'u16' }, max: 0xffff }) redo: VirtioScsiRequest[] = [];
}

/** Queues that release 7.2 has: control, events, and four for requests. */
const QUEUES = 6;
/** Most queues, and most disks, that are loaded. */
const QUEUES_MAX = 64;
const DISKS_MAX = 256;

/** `virtio-scsi` version 1. Neither the number of queues nor how many targets have a disk is saved. */
@SsmStream()
export class VirtioScsi {
  /** What the unit that is read has. */
  @Transient() form: { readonly queues: number; readonly disks: number } | undefined = undefined;
  @Bool({ count: 'queueCount', max: QUEUES_MAX }) queueAttached: boolean[] = Array(QUEUES).fill(false);
  @U32({ count: 7 }) config = new Uint32Array(7);
  @U16() maxChannel = 0;
  @U16() maxTarget = 0;
  @U32() maxLun = 0;
  @U32() asyncEvents = 0;
  @Bool() eventsMissed = false;
  @U32({ count: 6 }) flags = new Uint32Array(6);
  @U32() targetCount = 0;
  /** The targets that have a disk. */
  @Nested(VirtioScsiTarget, { count: 'diskCount', max: DISKS_MAX }) targets: VirtioScsiTarget[] = [];
  @Nested(VirtioCore) core = new VirtioCore();

  get queueCount(): number {
    return this.form?.queues ?? this.queueAttached.length;
  }

  get diskCount(): number {
    return this.form?.disks ?? this.targets.length;
  }
}

const counts = [
  ...Array.from({ length: DISKS_MAX + 1 }, (_, disks) => ({ queues: QUEUES, disks })),
  ...Array.from({ length: QUEUES_MAX }, (_, i) => ({ queues: i + 1, disks: 0 })),
];

/** The forms of {@link VirtioScsi}: the marker of its core shows which one is right. */
export const virtioScsiForms: readonly ((scsi: VirtioScsi) => void)[] = counts.map((form) => (scsi) => {
  scsi.form = form;
});
