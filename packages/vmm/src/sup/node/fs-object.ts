import type { BigIntStats } from 'node:fs';
import { SsmError, type SsmFailure } from '@ssmkit/runtime';

/** Whom to trust. */
export interface TrustOptions {
  /** A user who is trusted besides root. */
  readonly uid?: number;
  /** Groups whose members may write: those of the system, say. None where not given. */
  readonly systemGroups?: readonly number[];
  /**
   * What of directories on the way in which everybody may make files, but only owners may remove them (such as `/tmp`).
   * `refuse` where not given. `allow` is safe as long as what is in them has to belong to somebody
   * trusted, which is always checked.
   */
  readonly stickyParents?: 'refuse' | 'allow';
}

/** What an object is to be: a directory on the way, or what stands at the end of it. */
export type Role = 'parent' | 'directory' | 'file' | 'entry';

const S_IWGRP = 0o020n;
const S_IWOTH = 0o002n;
const S_ISVTX = 0o1000n;

interface Subject {
  readonly stat: BigIntStats;
  readonly role: Role;
  readonly trust: TrustOptions;
}

const isStickyParent = ({ stat, role, trust }: Subject) =>
  role === 'parent' && trust.stickyParents === 'allow' && stat.isDirectory() && (stat.mode & S_ISVTX) !== 0n;

const isGroupTrusted = ({ stat, trust }: Subject) => trust.systemGroups?.includes(Number(stat.gid)) ?? false;

/**
 * Why an object is not to be trusted: a rule for each of VirtualBox's statuses that say so. The first that applies counts;
 * what an object is comes before whose it is, and that before who may write to it.
 */
const rules: readonly (readonly [SsmFailure, (subject: Subject) => boolean, (subject: Subject) => string])[] = [
  [
    'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
    ({ stat }) => stat.isSymbolicLink(),
    () => 'is a symbolic link, which can be made to point elsewhere',
  ],
  [
    'VERR_SUPLIB_NOT_DIR_NOT_FILE',
    ({ stat }) => !stat.isDirectory() && !stat.isFile(),
    () => 'is neither a directory nor a regular file',
  ],
  ['VERR_SUPLIB_IS_DIRECTORY', ({ stat, role }) => role === 'file' && stat.isDirectory(), () => 'is a directory'],
  [
    'VERR_SUPLIB_IS_FILE',
    ({ stat, role }) => (role === 'parent' || role === 'directory') && stat.isFile(),
    () => 'is a file, not a directory',
  ],
  [
    'VERR_SUPLIB_OWNER_NOT_ROOT',
    ({ stat, trust }) => stat.uid !== 0n && Number(stat.uid) !== trust.uid,
    ({ stat, trust }) =>
      `belongs to user ${stat.uid}, not to root${trust.uid === undefined ? '' : ` or user ${trust.uid}`}`,
  ],
  [
    'VERR_SUPLIB_WORLD_WRITABLE',
    (subject) => (subject.stat.mode & S_IWOTH) !== 0n && !isStickyParent(subject),
    ({ stat }) => `can be written by everybody (mode ${modeOf(stat)})`,
  ],
  [
    'VERR_SUPLIB_WRITE_NON_SYS_GROUP',
    (subject) => (subject.stat.mode & S_IWGRP) !== 0n && !isGroupTrusted(subject) && !isStickyParent(subject),
    ({ stat }) => `can be written by group ${stat.gid} (mode ${modeOf(stat)})`,
  ],
];

function modeOf(stat: BigIntStats): string {
  return (stat.mode & 0o7777n).toString(8).padStart(4, '0');
}

/**
 * Checks that only those who are trusted can have made an object what it is.
 *
 * @param wanted path that was asked for; `path` is part of it.
 * @throws SsmError VERR_SUPLIB_*, which says which part of the path it is, and why.
 */
export function checkObject(stat: BigIntStats, role: Role, trust: TrustOptions, path: string, wanted: string): void {
  const subject = { stat, role, trust };
  for (const [status, applies, why] of rules) {
    if (!applies(subject)) continue;
    const part = path === wanted ? '' : `, part of '${wanted}',`;
    throw new SsmError(status, `'${path}'${part} ${why(subject)}`);
  }
}

/** Whether two looks at a path have seen the same object in the same state of rights. */
export function isSameObject(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/** Whether nothing was written to a file between two looks at it; only root can set ctime. */
export function isSameContents(a: BigIntStats, b: BigIntStats): boolean {
  return isSameObject(a, b) && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
