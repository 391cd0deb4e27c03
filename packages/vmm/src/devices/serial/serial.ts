import { type GetStream, type LoadHandle, PASS_FINAL, type PutStream, SsmError } from '@ssmkit/runtime';
import { Serial, SerialConfig, SerialOld, SerialOldConfig } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration } from '../../pdm/device.js';
import { DEVICE_FLAGS_DEFAULT, deviceClasses, deviceFlags } from '../../pdm/flags.js';
import { baseOf, offer, queryInterface } from '../../pdm/interface-ids.js';
import { SerialConnector, SerialPort } from '../../pdm/interfaces.js';
import { attachDriver } from '../attach-driver.js';
import { registerCounter } from '../counter.js';
import { UartCore } from './core.js';
import { showSerial } from './info.js';
import { upgradeSerial } from './old-state.js';
import { PORTS, uartTypes } from './registers.js';
import { Uart } from './uart.js';

/*
 * `serial`: serial ports
 *
 *     LUN#0 ── Char ── a stream        what is connected to the port
 *
 * Configuration: `IRQ` and `IOBase`, by default those of COM1…COM4 by instance; `UartType`: 16450, 16550A (default), 16750.
 */

const NAME = 'serial';
const VERSION = 7;
const FIRST_VERSION = 3;
/** Since this version the unit is a {@link Serial}; before a {@link SerialOld}, with its configuration from 4 on. */
const SERIAL_SINCE = 6;

/** Interrupt and first port of COM1 to COM4. */
const COM_PORTS = [
  [4, 0x3f8],
  [3, 0x2f8],
  [4, 0x3e8],
  [3, 0x2e8],
] as const;

/** The device `serial`. */
export class SerialDevice implements Device {
  readonly #instance: DeviceInstance;
  #uart!: Uart;
  readonly base = baseOf(
    offer(SerialPort, {
      read: (max) => this.#uart.fetch(max),
      dataAvailable: () => this.#uart.dataAvailable(),
      statusLinesChanged: () => this.#uart.statusLinesChanged(),
      breakReceived: () => this.breakReceived(),
    }),
  );

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
  }

  /** The registers, as they are. */
  get state(): Serial {
    return this.#uart.state;
  }

  async construct(config: ConfigNode): Promise<void> {
    const instance = this.#instance;
    const [defaultIrq, defaultBase] = COM_PORTS[instance.instance] ?? COM_PORTS[0];
    const shape = {
      irq: ['IRQ', 'u8', defaultIrq],
      ioPortBase: ['IOBase', 'port', defaultBase],
      type: ['UartType', 'string', '16550A'],
    } as const;
    const { irq, ioPortBase, type } = readConfig(config, shape, { who: NAME, instance: instance.instance });
    const uartType = uartTypes.find(({ name }) => name === type);
    if (uartType === undefined) {
      const known = uartTypes.map(({ name }) => name).join(', ');
      throw instance.vmSetError('VERR_INVALID_PARAMETER', `UartType '${type}' is none of ${known}`);
    }
    const timer = (name: string, expired: () => void) =>
      instance.timerCreate({ clock: 'VIRTUAL_SYNC', name, callback: expired });
    const core = new UartCore(
      uartType,
      timer('Serial Transmit', () => this.#uart.transmitted()),
      timer('Serial Timeout', () => this.#uart.timedOut()),
      {
        sent: registerCounter(instance, 'BytesSent', 'bytes', 'What has gone out on the line.'),
        received: registerCounter(instance, 'BytesReceived', 'bytes', 'What has come in.'),
      },
    );
    Object.assign(core.state.config, { irq, ioPortBase });
    this.#uart = new Uart(core, (high) => instance.isaSetIrq(irq, high ? 'HIGH' : 'LOW'));
    instance.ioPortMap(
      ioPortBase,
      PORTS,
      {
        read: (offset, size) => (size === 1 ? this.#uart.read(offset) : undefined),
        write: (offset, value, size) => {
          if (size !== 1) return false;
          return void this.#uart.write(offset, value);
        },
      },
      'Serial',
    );
    instance.ssmRegister({
      version: VERSION,
      liveExec: (stream) => {
        stream.put(Object.assign(new SerialConfig(), this.state.config));
        return 'VINF_SSM_DONT_CALL_AGAIN';
      },
      savePrep: () => this.#uart.prepareSave(),
      saveExec: (stream: PutStream) => void stream.put(this.#uart.save()),
      loadExec: (stream, version, pass, handle) => this.#load(stream, version, pass, handle),
      loadDone: (handle) => {
        if (handle.failure === undefined) this.#uart.loadDone();
      },
    });
    instance.infoRegister({
      name: `${NAME}${instance.instance}`,
      description: 'The registers of the serial port.',
      handler: (_serial, output) => showSerial(core, this.#uart.waiting, output),
    });
    await this.attach(0);
  }

  async attach(lun: number): Promise<void> {
    const driver = await attachDriver(this.#instance, lun, this.base, 'Serial Char');
    const connector = queryInterface(driver, SerialConnector);
    if (driver !== undefined && connector === undefined) {
      throw this.#instance.vmSetError(
        'VERR_PDM_MISSING_INTERFACE_BELOW',
        `the driver of LUN#${lun} is no ${SerialConnector.name}`,
      );
    }
    this.#uart.connect(connector);
  }

  /** The other side sends a break. */
  breakReceived(): void {
    this.#uart.breakReceived();
  }

  detach(): void {
    this.#uart.connect(undefined);
  }

  powerOn(): void {
    this.#uart.powerOn();
  }

  /** Before the drivers: what they are given now is out of the machine when the state is saved. */
  suspend(): void {
    this.#uart.prepareSave();
  }

  reset(): void {
    this.#uart.reset();
  }

  #load(stream: GetStream, version: number, pass: number, handle: LoadHandle) {
    if (version < FIRST_VERSION || version > VERSION) {
      throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `version ${version} of '${NAME}'`);
    }
    const { config } = this.state;
    if (pass !== PASS_FINAL) {
      const saved = stream.get(version >= SERIAL_SINCE ? new SerialConfig() : new SerialOldConfig());
      return differenceOf(config, saved, handle);
    }
    const saved =
      version >= SERIAL_SINCE
        ? stream.get(new Serial())
        : upgradeSerial(stream.get(new SerialOld()), version, this.#uart.type);
    const difference = differenceOf(config, saved.config, handle);
    if (difference !== undefined) return difference;
    this.#uart.load(saved);
    return undefined;
  }
}

/** The unit must be of a port that is wired in the same way. */
function differenceOf(config: SerialConfig, saved: Partial<SerialConfig>, handle: LoadHandle) {
  for (const key of ['irq', 'ioPortBase', 'type'] as const) {
    const found = saved[key] ?? config[key];
    if (found !== config[key]) return handle.setCfgError(`${key}: saved ${found}, configured ${config[key]}`);
  }
  return undefined;
}

/** Registration of `serial`. */
export const serial = {
  name: NAME,
  description: 'A serial port: 16450, 16550A, 16750.',
  flags: (DEVICE_FLAGS_DEFAULT | deviceFlags.FIRST_SUSPEND) >>> 0,
  classes: deviceClasses.SERIAL,
  create: (instance) => new SerialDevice(instance),
} satisfies DeviceRegistration;
