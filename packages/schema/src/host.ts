/**
 * A host: the machine whose C compiler laid the structures out and whose pointers have a width.
 *
 * Nothing in ssmkit looks at the machine it runs on. A host is always a parameter, `linux.amd64` where none is given.
 */
export interface HostProfile {
  /** Name of the profile, `os.arch` as VirtualBox writes it into the unit "SSM" ("Host OS"), such as `win.x86`. */
  readonly name: string;
  /** Width of a host pointer. */
  readonly bits: 32 | 64;
  /** sizeof(RTGCPHYS): 8 in every V2.0 writer; 4 in builds of the V1.x era that knew 32-bit guests only. */
  readonly gcPhysBytes: 4 | 8;
  /** sizeof(RTGCPTR): 8 in every V2.0 writer; 4 in builds of the V1.x era that knew 32-bit guests only. */
  readonly gcPtrBytes: 4 | 8;
  /** A 32-bit Microsoft compiler: aligns 64-bit members to 8, where gcc for i386 aligns them to 4. */
  readonly msc32: boolean;
}

/** What differs from the defaults (8-byte guest addresses; MSC32 exactly for `win.x86`) in {@link hostProfile}. */
export interface HostOverrides {
  gcPhysBytes?: 4 | 8;
  gcPtrBytes?: 4 | 8;
}

const architectures: Readonly<Record<string, 32 | 64>> = { x86: 32, amd64: 64, arm64: 64 };

/**
 * The profile of a host by its VirtualBox name, `os.arch`.
 *
 * @throws RangeError for an architecture other than x86, amd64 and arm64.
 */
export function hostProfile(name: string, overrides: HostOverrides = {}): HostProfile {
  const dot = name.lastIndexOf('.');
  const bits = architectures[name.slice(dot + 1)];
  if (dot <= 0 || bits === undefined) {
    throw new RangeError(
      `unknown host '${name}': expected os.arch with arch one of ${Object.keys(architectures).join(', ')}`,
    );
  }
  return { name, bits, gcPhysBytes: 8, gcPtrBytes: 8, msc32: name === 'win.x86', ...overrides };
}

/** The hosts VirtualBox has been built for, by name. */
export const hosts: Readonly<Record<string, HostProfile>> = Object.fromEntries(
  [
    'linux.amd64',
    'linux.x86',
    'linux.arm64',
    'win.amd64',
    'win.x86',
    'win.arm64',
    'darwin.amd64',
    'darwin.x86',
    'darwin.arm64',
    'solaris.amd64',
    'solaris.x86',
    'freebsd.amd64',
    'freebsd.x86',
    'os2.x86',
  ].map((name) => [name, hostProfile(name)]),
);

/** The host used where none is named. */
export const defaultHost: HostProfile = hostProfile('linux.amd64');

/** Bytes of a host pointer. */
export function pointerBytes(host: HostProfile): 4 | 8 {
  return host.bits === 64 ? 8 : 4;
}

/** What of a host decides how structures are laid out and saved, as a key: all but its name. */
export function abiKey(host: HostProfile): string {
  // gcc's 128-bit integers are aligned to 16, other compilers know none.
  const wide = host.bits === 64 && !host.name.startsWith('win.') ? 'g' : '';
  return `${host.bits}${host.msc32 ? 'm' : ''}${wide}/${host.gcPhysBytes}/${host.gcPtrBytes}`;
}

/** Whether two hosts lay out and save structures alike. */
export function sameAbi(a: HostProfile, b: HostProfile): boolean {
  return abiKey(a) === abiKey(b);
}
