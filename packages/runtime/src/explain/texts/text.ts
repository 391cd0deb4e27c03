import type { SsmStatus } from '../../status.js';

/** What there is to say about a status to somebody who uses VirtualBox and does not program. */
export interface StatusText {
  /** What it means: one or two sentences. */
  readonly meaning: string;
  /** What usually leads to it, the likeliest first. */
  readonly causes: readonly string[];
  /** What to do, in this order. */
  readonly advice: readonly string[];
}

export type StatusTexts = Readonly<Partial<Record<SsmStatus, StatusText>>>;

/*
 * What several statuses have in common. FILE and UNIT stand for the names of the file and of a unit.
 */

export const COPY_AGAIN =
  'Copy the file again from where it was written, and compare sizes and checksums (sha256sum) on both sides.';
export const RESCUE =
  "See with 'ssm ls FILE' what can still be read; 'ssm cat FILE UNIT' saves the data of a unit that is sound.";
export const BACKUP = 'Take the file from a backup.';
export const DISCARD =
  "If there is no sound copy, discard the saved state ('VBoxManage discardstate VM'): the machine then starts as after a power cut. What is on its disks stays, what was only in its memory is lost.";
export const GIVE_UP =
  "If that cannot be done, discard the saved state ('VBoxManage discardstate VM'): the machine then starts as after a power cut. What is on its disks stays, what was only in its memory is lost.";
export const SAME_SETTINGS =
  'Give the machine the settings back that it had when it was saved; its log (VBox.log) of that run lists them. Then start it again.';
export const SEE_LOG =
  "Look at the machine's log (VBox.log): the lines in front of the failure name the unit and the reason.";
export const ONLY_PROGRAM = 'Only programs that use the library meet it; there is nothing to set in VirtualBox.';
export const REPORT = 'Report it with the file and the log: it is a defect of the program, not of the file.';

export const CUT_OFF = 'The file was cut off: a copy, a download or a save that did not come to its end.';
export const BAD_STORAGE = 'The disk, the memory stick or the transfer has changed bytes of the file.';
export const EDITED = 'Something else has written to the file: a program, a virus scanner, a cloud folder.';
