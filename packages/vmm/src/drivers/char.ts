import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, offer, queryInterface } from '../pdm/interface-ids.js';
import { SerialConnector, SerialPort, Stream } from '../pdm/interfaces.js';

/** Most bytes that wait for a stream, before the port has to. */
const WAITING_MAX = 64 * 1024;

const empty = new Uint8Array(0);

/**
 * `Char`: a serial port over a stream of bytes.
 *
 *     serial ── Char ── MemoryStream, NullStream, RawFile …
 *
 * What the port sends goes into the stream, and waits here while that takes nothing. What the stream has stays there until
 * the port takes it. A stream has no modem: carrier, DSR and CTS are always on, and a break is nobody's business.
 */
class Char implements Driver {
  readonly base: BaseInterface;
  readonly #instance: DriverInstance;
  #port: SerialPort | undefined;
  #stream: Stream | undefined;
  #waiting: Uint8Array = empty;
  #isFlushing = false;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
    const available = () => this.#stream?.available ?? 0;
    this.base = baseOf(
      offer(SerialConnector, {
        dataAvailable: () => this.#fetch(),
        get available() {
          return available();
        },
        read: (max) => this.#stream?.read(max) ?? empty,
        drain: (bytes) => this.#send(bytes),
        statusLines: { dcd: true, dsr: true, cts: true, ri: false },
        setParameters: () => {},
        setModemLines: () => {},
        setBreak: () => {},
        flush: (receive, transmit) => {
          if (receive) this.#stream?.read(available());
          if (transmit) this.#waiting = empty;
        },
      }),
    );
  }

  async construct(config: ConfigNode): Promise<void> {
    const instance = this.#instance;
    readConfig(config, {}, { who: instance.name, instance: instance.instance });
    this.#port = queryInterface(instance.upBase, SerialPort);
    if (this.#port === undefined) {
      throw instance.vmSetError(
        'VERR_PDM_MISSING_INTERFACE_ABOVE',
        `Char#${instance.instance} is below no serial port`,
      );
    }
    await this.attach();
  }

  /** A stream comes. */
  async attach(): Promise<void> {
    const instance = this.#instance;
    const stream = queryInterface(await instance.attach(), Stream);
    if (stream === undefined) {
      throw instance.vmSetError('VERR_PDM_MISSING_INTERFACE_BELOW', `Char#${instance.instance} is above no stream`);
    }
    this.#stream = stream;
    stream.onReadable = () => this.#port?.dataAvailable(stream.available);
    stream.onWritable = () => this.#fetch();
    this.#fetch();
    if (stream.available > 0) this.#port?.dataAvailable(stream.available);
  }

  detach(): void {
    if (this.#stream === undefined) return;
    this.#stream.onReadable = undefined;
    this.#stream.onWritable = undefined;
    this.#stream = undefined;
  }

  destruct(): void {
    this.#flush();
    this.detach();
  }

  /** Takes from the port as much as there is room for. */
  #fetch(): void {
    this.#flush();
    while (this.#waiting.length < WAITING_MAX) {
      const bytes = this.#port?.read(WAITING_MAX - this.#waiting.length) ?? empty;
      if (bytes.length === 0) return;
      this.#send(bytes);
    }
  }

  #send(bytes: Uint8Array): void {
    const waiting = new Uint8Array(this.#waiting.length + bytes.length);
    waiting.set(this.#waiting);
    waiting.set(bytes, this.#waiting.length);
    this.#waiting = waiting;
    this.#flush();
  }

  /** Called again by what the stream calls, it leaves the rest to the first call. */
  #flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#waiting.length > 0) {
        const taken = this.#stream?.write(this.#waiting) ?? 0;
        if (taken === 0) return;
        this.#waiting = this.#waiting.subarray(taken);
      }
    } finally {
      this.#isFlushing = false;
    }
  }
}

/** Registration of `Char`. */
export const char: DriverRegistration = {
  name: 'Char',
  description: 'A serial port over a stream.',
  classes: driverClasses.CHAR,
  create: (instance) => new Char(instance),
};
