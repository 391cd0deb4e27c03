import { hostProfile } from '@ssmkit/schema';
import type { StateHeader, StateReader, UnitHeader } from '../containers/state.js';
import { nameBytes, UNIT_NAME_MAX } from '../containers/unit-name.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { PASS_FINAL, SsmError, type SsmWhere } from '../error.js';
import type { ConvertOptions } from './convert.js';

/*
 * What cannot be converted
 *
 * Units are copied as they are. How a loader reads them depends on what the file says about the host that saved: the
 * width of its pointers and of guest addresses, and whether a 32-bit Microsoft compiler laid its structures out. None of
 * these can change, or the units would be read wrongly, and often without anybody noticing. What an old format does not
 * tell has to be told, and is not guessed.
 */

/** What cannot be kept, or done. */
export function refusal(detail: string, where?: SsmWhere): SsmError {
  return new SsmError('VERR_NOT_SUPPORTED', detail, where);
}

/**
 * The header of the converted state.
 *
 * @throws SsmError VERR_NOT_SUPPORTED with the reason.
 */
export function targetHeader(reader: StateReader, options: ConvertOptions, unitCount: number): FileHeader {
  const { header } = reader;
  const { format = '2.0', product = header.product } = options;
  if (format === '1.2') checkV12(header, options);
  const revision = options.revision ?? (header.revision || undefined);
  const untold: readonly (readonly [missing: boolean, what: string])[] = [
    [product === undefined || revision === undefined, 'which version and revision of VirtualBox saved it'],
    [header.hostBits === undefined && options.host === undefined, 'on which host it was saved'],
    [reader.format === '1.1' && options.gcPtrBytes === undefined, 'how wide guest pointers were (4 or 8 bytes)'],
  ];
  const missing = untold.flatMap(([isMissing, what]) => (isMissing ? what : []));
  if (product === undefined || revision === undefined || missing.length > 0) {
    throw refusal(`format V${reader.format} does not tell ${missing.join(', nor ')}: say so`);
  }
  return {
    product,
    revision,
    hostBits: hostBits(header, options),
    gcPhysBytes: header.gcPhysBytes,
    gcPtrBytes: gcPtrBytes(reader, options),
    unitCount,
    live: header.live,
    checksum: options.checksum ?? header.checksum,
    compression: (options.compression ?? header.compression) === 'lz4' ? 'lz4' : undefined,
  };
}

function checkV12(header: StateHeader, { compression = header.compression, checksum }: ConvertOptions): void {
  if (header.live) throw refusal('format V1.2 has no live saves');
  if (compression === 'lz4') throw refusal('format V1.2 has no LZ4: ask for LZF');
  if (compression === 'none') throw refusal('format V1.2 is written with LZF only');
  if (checksum === false) throw refusal('format V1.2 always has a checksum');
}

function hostBits({ hostBits: saved }: StateHeader, { host }: ConvertOptions): 32 | 64 {
  const bits = host === undefined ? undefined : hostProfile(host).bits;
  if (bits !== undefined && saved !== undefined && bits !== saved) {
    throw refusal(`saved on a ${saved}-bit host: the units are not converted, and a ${bits}-bit one would be wrong`);
  }
  // One of them is there: see above.
  return (bits ?? saved) as 32 | 64;
}

function gcPtrBytes({ format, header }: StateReader, options: ConvertOptions): 4 | 8 {
  const { gcPtrBytes: told } = options;
  if (told === undefined || format === '1.1') return told ?? header.gcPtrBytes;
  if (told !== header.gcPtrBytes) {
    throw refusal(
      `saved with guest pointers of ${header.gcPtrBytes} bytes: the units are not converted, and ${told} would be wrong`,
    );
  }
  return told;
}

/** Whether the units would be read as before if the host had another name. @throws SsmError VERR_NOT_SUPPORTED */
export function checkHostName(saved: string | undefined, host: string): void {
  if (saved === undefined) return;
  const arch = (name: string) => name.slice(name.lastIndexOf('.') + 1);
  const is32BitWindows = (name: string) => name === 'win.x86';
  if (arch(saved) !== arch(host) || is32BitWindows(saved) !== is32BitWindows(host)) {
    throw refusal(`saved on ${saved}: the units are not converted, and ${host} lays them out otherwise`);
  }
}

/** Size of the header of a unit in front of its name. */
const unitHeaderSize = { '2.0': 44, '1.2': 28, '1.1': 28, '1.0': 28 } as const;

/**
 * Looks at the header of a unit that `reader` has just read.
 *
 * @throws SsmError VERR_NOT_SUPPORTED with the reason why the format cannot have it.
 */
export function checkUnit(reader: StateReader, unit: UnitHeader, format: '2.0' | '1.2'): void {
  const { name, instance, pass, offset } = unit;
  const where = { unit: name, instance, pass, offset };
  const size = reader.input.position - offset - unitHeaderSize[reader.format];
  const text = nameBytes(name);
  if (text.length + 1 !== size) throw refusal('a unit whose name is not plain UTF-8 would get another name', where);
  if (size > UNIT_NAME_MAX) {
    throw refusal(`a unit name of ${text.length} bytes: there can be ${UNIT_NAME_MAX - 1} at most`, where);
  }
  if (format === '1.2' && pass !== PASS_FINAL) throw refusal('format V1.2 has no live passes', where);
}
