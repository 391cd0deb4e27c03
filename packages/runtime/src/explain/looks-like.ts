import type { Source } from '../io/sink-source.js';

/*
 * What a file is that does not begin as saved states do: one of those that are taken for one, or that have one inside.
 */

const SAMPLE = 64;
/** A file that was cut off by a crash may end with this many zeros and more. */
const TAIL = 512;

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** What files begin with. */
const kinds: readonly (readonly [starts: readonly string[], what: string])[] = [
  [['PK\x03\x04'], 'a ZIP archive: unpack it first'],
  [['\x1f\x8b'], 'packed with gzip: unpack it first'],
  [['BZh'], 'packed with bzip2: unpack it first'],
  [['\xfd7zXZ\0'], 'packed with xz: unpack it first'],
  [['\x28\xb5\x2f\xfd'], 'packed with zstd: unpack it first'],
  [['7z\xbc\xaf\x27\x1c'], 'a 7z archive: unpack it first'],
  [['Rar!'], 'a RAR archive: unpack it first'],
  [['<!doctype', '<html'], 'a web page: the download gave an error page instead of the file'],
  [['<?xml', '<virtualbox'], 'XML, perhaps the settings of a machine (.vbox)'],
  [['<<< '], 'a disk image (VDI)'],
  [['KDMV', '# Disk DescriptorFile'], 'a disk image (VMDK)'],
  [['conectix', 'cxsparse'], 'a disk image (VHD)'],
  [['QFI\xfb'], 'a disk image of QEMU (QCOW2)'],
  [['QEVM'], 'a saved machine of QEMU'],
  [['\xd2\xbe\xd2\xbe', '\xd0\xbe\xd2\xbe'], 'a saved machine of VMware'],
  [['\0'.repeat(SAMPLE)], 'nothing but zeros: it was created, and its data never came to the disk'],
];

/** A mark that text may begin with, which tells its encoding. */
const BOM = '\xef\xbb\xbf';

/** Reads a part of a file, as far as it is there. */
async function sample(source: Source, from: number, count: number): Promise<Uint8Array> {
  const into = new Uint8Array(count);
  let done = 0;
  while (done < count) {
    const got = await source.read(into.subarray(done), from + done);
    if (got === 0) break;
    done += got;
  }
  return into.subarray(0, done);
}

/** By its first bytes; `undefined` where they tell nothing. */
export async function looksLike(source: Source): Promise<string | undefined> {
  const start = latin1(await sample(source, 0, SAMPLE));
  if (start === '') return 'empty';
  const text = start.replace(BOM, '').trimStart().toLowerCase();
  return kinds.find(([starts]) => starts.some((known) => start.startsWith(known) || text.startsWith(known)))?.[1];
}

/** Whether a file ends with zeros, as one does whose last part was never written. */
export async function endsWithZeros(source: Source): Promise<boolean> {
  const { size } = source;
  if (size === undefined || size < TAIL) return false;
  return (await sample(source, size - TAIL, TAIL)).every((byte) => byte === 0);
}
