import type { FileHeader, ProductVersion, StateHeader } from '@ssmkit/runtime';
import { defaultHost, type HostProfile, hostProfile } from '@ssmkit/schema';
import { wrong } from './check-json.js';
import type { HeaderJson } from './state-json.js';

/** The header of a state as a document has it. */
export function headerJson({ format, header }: { format: HeaderJson['format']; header: StateHeader }): HeaderJson {
  const { product, revision, hostBits, gcPhysBytes, gcPtrBytes, unitCount, live, checksum, compression } = header;
  return {
    format,
    product: product === undefined ? null : `${product.major}.${product.minor}.${product.build}`,
    revision,
    hostBits: hostBits ?? null,
    gcPhysBytes,
    gcPtrBytes,
    unitCount: unitCount ?? null,
    live,
    checksum,
    compression: compression ?? null,
  };
}

/** A version of the product as numbers. */
export function productOf(text: string | null): ProductVersion | undefined {
  if (text === null) return undefined;
  const [major = 0, minor = 0, build = 0] = text.split('.').map(Number);
  return { major, minor, build };
}

/** The header to write. @throws SsmError where something is missing that the format has. */
export function fileHeader({ product, hostBits, unitCount, compression, ...rest }: HeaderJson): FileHeader {
  const version = productOf(product);
  if (version === undefined) throw wrong('header.product', 'missing');
  if (hostBits === null) throw wrong('header.hostBits', 'missing');
  const { revision, gcPhysBytes, gcPtrBytes, live, checksum } = rest;
  return {
    product: version,
    revision,
    hostBits,
    gcPhysBytes,
    gcPtrBytes,
    live,
    checksum,
    unitCount: unitCount ?? 0,
    compression: compression ?? undefined,
  };
}

/** The host whose structures the units hold. */
export function profileOf({ hostBits, gcPhysBytes, gcPtrBytes }: HeaderJson, host: string | null): HostProfile {
  let profile = defaultHost;
  try {
    if (host !== null) profile = hostProfile(host);
  } catch (error) {
    // A host that has no profile is one whose structures are laid out as everywhere.
    if (!(error instanceof Error)) throw error;
  }
  return { ...profile, bits: hostBits ?? profile.bits, gcPhysBytes, gcPtrBytes };
}
