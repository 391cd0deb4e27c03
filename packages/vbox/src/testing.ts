import { describeSave, MemorySink, PASS_FINAL, type PutStream, type Sink, V2Writer } from '@ssmkit/runtime';
import { PgmCpu, PgmGlobal, PgmMappings, PgmMmio2Range, PgmRamConfig, PgmRanges, PgmRomRange } from './pgm/header.js';
import { type PgmHeader, putPgmHeader } from './pgm/header-parts.js';
import { PageWriter } from './pgm/put-pages.js';
import { PAGE_SIZE, PGM } from './pgm/records.js';

export { screenState } from './screen/testing.js';

/*
 * Saved states with guest memory for tests
 *
 *     await guestState([{ pages: (put) => put.putRam(0, page(1)) }], { ram: 2 ** 20 })
 *
 * Each element is a unit `pgm`; live passes first.
 */

/** A unit `pgm`. */
export interface TestPass {
  /** Default the final one. */
  readonly pass?: number;
  /** Page records; the end is put after. */
  readonly pages?: (put: PageWriter) => void;
  /** Anything, in the place of header and page records. */
  readonly raw?: (put: PutStream) => void;
}

/** A machine. */
export interface TestMachine {
  /** Version of the unit; default 14. */
  readonly version?: number;
  /** Bytes of RAM; default 1 MiB. */
  readonly ram?: number;
  /** Default 512 MiB. */
  readonly hole?: number;
  readonly cpus?: number;
  readonly rom?: readonly Partial<PgmRomRange>[];
  readonly mmio2?: readonly Partial<PgmMmio2Range>[];
  /** Units in front of guest memory: their objects. */
  readonly units?: readonly { readonly name: string; readonly version: number; readonly object: object }[];
}

/** Header of a machine; the parts that the version and the pass have not are to be left out. */
export function testHeader(machine: TestMachine = {}): Required<Omit<PgmHeader, 'single'>> {
  const { ram = 2 ** 20, hole = 2 ** 29, cpus = 1, rom = [], mmio2 = [] } = machine;
  return {
    global: new PgmGlobal(),
    cpus: Array.from({ length: cpus }, () => new PgmCpu()),
    mappings: new PgmMappings(),
    ramConfig: Object.assign(new PgmRamConfig(), { hole, size: BigInt(ram) }),
    ranges: Object.assign(new PgmRanges(), {
      rom: rom.map((range, i) => Object.assign(new PgmRomRange(), { id: i + 1 }, range)),
      mmio2: mmio2.map((range, i) => Object.assign(new PgmMmio2Range(), { id: i + 1 }, range)),
    }),
  };
}

/** Writes a state with these passes. */
export async function writeGuestState(
  sink: Sink,
  passes: readonly TestPass[],
  machine: TestMachine = {},
): Promise<void> {
  const live = passes.some(({ pass }) => pass !== undefined);
  const { header } = describeSave({}, passes.length + 2, live);
  const writer = new V2Writer(sink, header);
  const unit = (name: string, instance: number, version: number, pass: number, put: (stream: PutStream) => void) => {
    put(writer.beginUnit({ name, instance, version, pass }));
    writer.endUnit();
  };
  unit('before', 0, 1, PASS_FINAL, (put) => put.putU32(1));
  for (const { name, version, object } of machine.units ?? []) {
    unit(name, 0, version, PASS_FINAL, (put) => void put.put(object));
  }
  for (const each of passes) {
    const { version = 14 } = machine;
    const { pass = PASS_FINAL } = each;
    unit(PGM.name, PGM.instance, version, pass, (stream) => {
      if (each.raw !== undefined) {
        each.raw(stream);
        return;
      }
      putPgmHeader(stream, partsFor(version, pass, live, testHeader(machine)));
      const pages = new PageWriter(stream);
      each.pages?.(pages);
      pages.end();
    });
  }
  unit('behind', 0, 1, PASS_FINAL, (put) => put.putU32(2));
  writer.writeEnd();
  writer.writeDirectory();
  writer.writeFooter();
  await writer.close(false);
}

function partsFor(
  version: number,
  pass: number,
  live: boolean,
  { global, cpus, mappings, ramConfig, ranges }: Required<Omit<PgmHeader, 'single'>>,
): PgmHeader {
  const final = pass === PASS_FINAL;
  const lists = final ? !live : pass === 0;
  return {
    ...(final ? { global, cpus } : { cpus: [] }),
    ...(final && version > 1 && version <= 13 && { mappings }),
    ...(lists && (!final || version !== 10) && { ramConfig }),
    ...(lists && { ranges }),
  };
}

/** {@link writeGuestState} in memory. */
export async function guestState(passes: readonly TestPass[], machine: TestMachine = {}): Promise<Uint8Array> {
  const sink = new MemorySink();
  await writeGuestState(sink, passes, machine);
  return sink.bytes();
}

/** A page in which every position can be told from the others, and from those of pages with other numbers. */
export function page(number: number): Uint8Array {
  return Uint8Array.from({ length: PAGE_SIZE }, (_, i) => Math.imul(i + number * 7919, 0x9e3779b1) >>> 24);
}
