import {
  isSsmError,
  PASS_FINAL,
  type PutStream,
  type SavedHost,
  type Sink,
  SsmError,
  V1Writer,
  V2Writer,
  type V12Header,
} from '@ssmkit/runtime';
import { decodeJson, JsonError } from '@ssmkit/schema';
import * as t from 'io-ts';
import type { Catalog, UnitContext, UnitDefinition } from '../catalog.js';
import { PGM } from '../pgm/records.js';
import { catalog as known } from '../units/index.js';
import { fromBase64 } from './base64.js';
import { PgmBuilder } from './build-pgm.js';
import { decoded, isObject, wrong } from './check-json.js';
import { fileHeader, productOf, profileOf } from './header-json.js';
import { type DocumentPart, documentParts } from './parse-document.js';
import { PgmUnitJson } from './pgm-json.js';
import {
  DirectoryJson,
  ErrorsJson,
  FORMAT,
  FORMAT_VERSION,
  HeaderJson,
  KnownUnitJson,
  MoreJson,
  RawUnitJson,
} from './state-json.js';

/** How a state is built. */
export interface BuildOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
}

/** What was built. */
export interface BuildResult {
  readonly format: '2.0' | '1.2';
  /** Unit headers written. */
  readonly units: number;
  /** Of these, units that were encoded from their values. */
  readonly known: number;
  /** Size of the state. */
  readonly bytes: number;
}

/**
 * Writes the state that a JSON document describes: the counterpart of `stateDocument`.
 *
 * @param text the document, in pieces. @param sink for format V1.2 one that can go back.
 * @throws SsmError VERR_INVALID_PARAMETER for what is no such document, with the place; VERR_NOT_SUPPORTED for formats
 * V1.1 and V1.0, for another version of the document, and for one of a damaged state. The sink has been closed as aborted
 * then.
 */
export async function buildState(
  text: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  sink: Sink,
  { catalog = known }: BuildOptions = {},
): Promise<BuildResult> {
  const build = new Build(sink, catalog);
  try {
    for await (const part of documentParts(text)) await build.take(part);
    return await build.finish();
  } catch (error) {
    await build.abort(isSsmError(error) ? error : undefined);
    throw error;
  }
}

/** Parts that stand in front of the units. */
interface Head {
  format?: unknown;
  formatVersion?: unknown;
  header?: HeaderJson;
  host?: string | null;
}

class Build {
  readonly #sink: Sink;
  readonly #catalog: Catalog;
  readonly #head: Head = {};
  #writer: V2Writer | V1Writer | undefined;
  #open: PutStream | undefined;
  #pgm: PgmBuilder | undefined;
  /** A pass has had the lists of ranges of guest memory. */
  #afterLive = false;
  /** What messages call the unit that is open. */
  #path = '';
  #closed = false;
  #format: '2.0' | '1.2' = '2.0';
  #context: Omit<UnitContext, 'pass' | 'size'> | undefined;
  #end = true;
  #directory: DirectoryJson | undefined;
  #errors: readonly unknown[] | undefined;
  #units = 0;
  #known = 0;

  constructor(sink: Sink, catalog: Catalog) {
    this.#sink = sink;
    this.#catalog = catalog;
  }

  async take({ key, value, index }: DocumentPart): Promise<void> {
    switch (key) {
      case 'format':
      case 'formatVersion':
        this.#head[key] = value;
        break;
      case 'header':
        this.#head.header = decoded(HeaderJson, value, 'header');
        break;
      case 'host':
        this.#head.host = decoded(t.union([t.string, t.null]), value, 'host');
        break;
      case 'units':
        await this.#unit(value, `units[${index}]`);
        break;
      case 'end':
        this.#end = decoded(t.boolean, value, 'end');
        break;
      case 'directory':
        this.#directory = decoded(DirectoryJson, value, 'directory');
        break;
      case 'errors':
        this.#errors = decoded(ErrorsJson, value, 'errors');
        break;
      default:
    }
  }

  async abort(failure: SsmError | undefined): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await (this.#writer ?? this.#sink).close(true, failure);
  }

  async finish(): Promise<BuildResult> {
    const writer = this.#begin();
    await this.#endUnit();
    if (this.#errors !== undefined && this.#errors.length > 0) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'the document is of a damaged state and not complete');
    }
    if (this.#directory === undefined) throw wrong('directory', 'missing');
    this.#tail(writer, this.#directory);
    this.#closed = true;
    await writer.close(false);
    return { format: this.#format, units: this.#units, known: this.#known, bytes: writer.position };
  }

  #tail(writer: V2Writer | V1Writer, directory: DirectoryJson): void {
    if (writer instanceof V1Writer) {
      writer.finish();
      return;
    }
    if (directory === null) throw wrong('directory', 'null in format V2.0');
    const entries = directory.map(([name, instance], i) => {
      const entry = writer.entryOf(name, instance);
      if (entry === undefined) throw wrong(`directory[${i}]`, `there is no unit '${name}'#${instance}`);
      return entry;
    });
    if (this.#end) writer.writeEnd();
    writer.writeDirectory(entries);
    writer.writeFooter();
  }

  /** Writes the header, once all that tells it has been read. */
  #begin(): V2Writer | V1Writer {
    if (this.#writer !== undefined) return this.#writer;
    const { format, formatVersion, header, host = null } = this.#head;
    if (format !== FORMAT) throw wrong('format', `expected "${FORMAT}" in front of the units`);
    if (formatVersion !== FORMAT_VERSION) {
      throw new SsmError('VERR_NOT_SUPPORTED', `version ${JSON.stringify(formatVersion)} of the document format`);
    }
    if (header === undefined) throw wrong('header', 'missing in front of the units');
    const profile = profileOf(header, host);
    const options = { host: profile };
    if (header.format === '2.0') this.#writer = new V2Writer(this.#sink, fileHeader(header), options);
    else if (header.format === '1.2') this.#writer = new V1Writer(this.#sink, fileHeader(header) as V12Header, options);
    else throw new SsmError('VERR_NOT_SUPPORTED', `format V${header.format} cannot be written`);
    this.#format = header.format;
    const saved: SavedHost = { ...profile, name: host ?? '' };
    const product = productOf(header.product);
    this.#context = { saved, product, revision: header.revision, cpuCount: undefined };
    return this.#writer;
  }

  async #unit(value: unknown, path: string): Promise<void> {
    const writer = this.#begin();
    if (isObject(value) && 'more' in value) {
      if (this.#open === undefined) throw wrong(path, 'there is no raw unit in front of it that could go on');
      this.#pgm?.beginRaw();
      await this.#putRaw(decoded(MoreJson, value, path).more, `${path}.more`);
      return;
    }
    if (isObject(value) && ('pages' in value || 'range' in value)) {
      if (this.#pgm === undefined) throw wrong(path, 'there is no unit of guest memory in front of it');
      await ('pages' in value ? this.#pgm.pages(value, path) : this.#pgm.range(value, path));
      return;
    }
    await this.#endUnit();
    await writer.settle();
    this.#units++;
    this.#path = path;
    if (isObject(value) && 'header' in value) {
      await this.#beginPgm(writer, decoded(PgmUnitJson, value, path), path);
      return;
    }
    if (isObject(value) && 'raw' in value) {
      const { name, instance, version, pass, raw } = decoded(RawUnitJson, value, path);
      this.#open = this.#beginUnit(writer, { name, instance, version, pass }, path);
      await this.#putRaw(raw, `${path}.raw`);
      return;
    }
    this.#known++;
    const { class: className, value: json, ...unit } = decoded(KnownUnitJson, value, path);
    const data = this.#encode(unit, className, json, path);
    const stream = this.#beginUnit(writer, unit, path);
    stream.putMem(data);
    await stream.drain();
    writer.endUnit();
  }

  #beginUnit(writer: V2Writer | V1Writer, unit: UnitStartJson, path: string): PutStream {
    try {
      return writer.beginUnit(unit);
    } catch (error) {
      throw isSsmError(error) ? wrong(path, error.detail, error) : error;
    }
  }

  async #putRaw(text: string, path: string): Promise<void> {
    const data = fromBase64(text);
    if (data === undefined) throw wrong(path, 'expected base64');
    const stream = this.#open as PutStream;
    stream.putMem(data);
    await stream.drain();
  }

  async #beginPgm(writer: V2Writer | V1Writer, unit: PgmUnitJson, path: string): Promise<void> {
    const { name, instance, version, pass } = unit;
    if (name !== PGM.name || instance !== PGM.instance) {
      throw wrong(`${path}.header`, `only '${PGM.name}'#${PGM.instance} has one`);
    }
    const { saved } = this.#context as UnitContext;
    const begin = () => {
      this.#open = this.#beginUnit(writer, { name, instance, version, pass }, path);
      return this.#open;
    };
    const { builder, header } = await PgmBuilder.begin(unit, begin, { saved, afterLive: this.#afterLive, path });
    this.#pgm = builder;
    this.#afterLive ||= header.ranges !== undefined;
    this.#known++;
  }

  async #endUnit(): Promise<void> {
    if (this.#open === undefined) return;
    await this.#pgm?.end(this.#path);
    this.#pgm = undefined;
    this.#open = undefined;
    this.#writer?.endUnit();
  }

  #encode(unit: UnitStartJson, className: string, json: unknown, path: string): Uint8Array {
    const definition = definitionOf(this.#catalog, unit, className, path);
    const context: UnitContext = { ...(this.#context as UnitContext), pass: unit.pass, size: undefined };
    try {
      const value = decodeJson(definition.target, json);
      return this.#catalog.encode(unit, { kind: 'known', definition, value }, context);
    } catch (error) {
      if (error instanceof JsonError) throw wrong(`${path}.value`, error.message.replaceAll('\n', '; '), error);
      throw isSsmError(error) ? error.at({ unit: unit.name, instance: unit.instance, pass: unit.pass }) : error;
    }
  }
}

interface UnitStartJson {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly pass: number;
}

/** The layout with the name of a class, for a unit of that version and pass. */
function definitionOf(catalog: Catalog, unit: UnitStartJson, className: string, path: string): UnitDefinition {
  const pass = unit.pass === PASS_FINAL ? 'final' : 'live';
  const fitting = catalog.definitions.filter(
    ({ name, versions, pass: only = pass }) =>
      name === unit.name && only === pass && (versions === 'any' || versions.includes(unit.version)),
  );
  const found = fitting.find(({ target }) => target.name === className);
  if (found !== undefined) return found;
  const classes = [...new Set(fitting.map(({ target }) => target.name))];
  const hint = classes.length === 0 ? 'there is none' : `there is ${classes.join(', ')}`;
  throw wrong(`${path}.class`, `no layout '${className}' for '${unit.name}' of version ${unit.version}: ${hint}`);
}
