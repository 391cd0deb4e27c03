import type { Screen } from '@ssmkit/vbox';
import { interfaceId } from './interface-ids.js';

/*
 * What devices and drivers say to each other. A port is offered by the upper side of a connection, which is nearer to the
 * guest; a connector by the lower side. UUIDs: spec of VirtualBox 7.2's headers. Methods are those that mean something
 * here, so that the interfaces are ours, and so synchronous or not as it suits them.
 */

/** The character device's side (`PDMISERIALPORT`). */
export interface SerialPort {
  /** Up to `max` bytes that are to be sent; they count as sent by the guest. None when there are none. */
  read(max: number): Uint8Array;
  /** Bytes have come; the port fetches them with {@link SerialConnector.read} when it has room. @param available how many. */
  dataAvailable(available: number): void;
  /** Lines of the modem have changed. */
  statusLinesChanged(lines: SerialStatusLines): void;
  /** The other side sends a break. */
  breakReceived(): void;
}

/** Lines that the modem drives. */
export interface SerialStatusLines {
  readonly dcd: boolean;
  readonly ri: boolean;
  readonly dsr: boolean;
  readonly cts: boolean;
}

/** How characters are sent. */
export interface SerialParameters {
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd' | 'mark' | 'space';
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly stopBits: 1 | 1.5 | 2;
}

/** What is behind a serial port (`PDMISERIALCONNECTOR`). */
export interface SerialConnector {
  /** The port has bytes to be sent: the connector fetches them with {@link SerialPort.read} at once, or when it can. */
  dataAvailable(): void;
  /** How many bytes {@link read} would give. */
  readonly available: number;
  /** Up to `max` bytes that have come; they count as fetched. */
  read(max: number): Uint8Array;
  /** Bytes that the port cannot keep, as the machine is saved: to be taken whether there is room or not. */
  drain(bytes: Uint8Array): void;
  /** Lines that the modem drives now. */
  readonly statusLines: SerialStatusLines;
  setParameters(parameters: SerialParameters): void;
  setModemLines(lines: { readonly rts: boolean; readonly dtr: boolean }): void;
  setBreak(on: boolean): void;
  /** Throws away what has come, what is to be sent, or both. */
  flush(receive: boolean, transmit: boolean): void;
}

/** A stream of bytes below a character driver (`PDMISTREAM`). */
export interface Stream {
  /** @returns how many of the bytes were taken; 0: none now, `onWritable` is called when some can be. */
  write(bytes: Uint8Array): number;
  /** How many bytes {@link read} would give. */
  readonly available: number;
  /** Up to `max` bytes; none when there are none. */
  read(max: number): Uint8Array;
  /** Set by the driver above. */
  onReadable?: (() => void) | undefined;
  onWritable?: (() => void) | undefined;
}

/** Sectors of a disk, a disk image, a floppy (`PDMIMEDIA`). */
export interface Media {
  /** In bytes. */
  readonly size: number;
  readonly sectorSize: number;
  readonly isReadOnly: boolean;
  read(offset: number, bytes: Uint8Array): Promise<void>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
}

/** Whom a medium belongs to (`PDMIMEDIAPORT`). */
export interface MediaPort {
  readonly device: { readonly name: string; readonly instance: number; readonly lun: number };
}

/** A medium that can be taken out (`PDMIMOUNT`). */
export interface Mount {
  mount(file: string, coreDriver?: string): Promise<void>;
  unmount(force: boolean): Promise<void>;
  readonly isMounted: boolean;
  lock(): void;
  unlock(): void;
  readonly isLocked: boolean;
}

/** Told when a medium comes or goes (`PDMIMOUNTNOTIFY`). */
export interface MountNotify {
  mounted(): void;
  unmounted(): void;
}

/** A keyboard of the guest (`PDMIKEYBOARDPORT`). */
export interface KeyboardPort {
  /** Usage of USB's keyboard page in bits 0…15, bit 31: released. */
  putEventHid(usage: number): void;
}

/** What is behind a keyboard (`PDMIKEYBOARDCONNECTOR`). */
export interface KeyboardConnector {
  ledStatusChange(leds: { readonly scroll: boolean; readonly num: boolean; readonly caps: boolean }): void;
  setActive(active: boolean): void;
}

/** A mouse of the guest (`PDMIMOUSEPORT`). */
export interface MousePort {
  /**
   * @param dx to the right. @param dy down. @param dz wheel, towards the user. @param dw wheel, to the right.
   * @param buttons bits: left, right, middle, fourth, fifth.
   */
  putEvent(dx: number, dy: number, dz: number, dw: number, buttons: number): void;
}

/** What is behind a mouse (`PDMIMOUSECONNECTOR`). */
export interface MouseConnector {
  reportModes(relative: boolean, absolute: boolean, multiTouch: boolean): void;
}

/** A display of the guest (`PDMIDISPLAYPORT`). */
export interface DisplayPort {
  /** The screen as it is now. */
  readonly screen: Screen;
  /** Text as it is on the screen, if the adapter is in a text mode. */
  readonly text: readonly string[] | undefined;
}

/** What is behind a display (`PDMIDISPLAYCONNECTOR`). */
export interface DisplayConnector {
  resize(width: number, height: number): void;
  update(): void;
}

export const SerialPort = interfaceId<SerialPort>('PDMISERIALPORT', '44540323-06ca-44c1-8eb2-f5a387704dbd');
export const SerialConnector = interfaceId<SerialConnector>(
  'PDMISERIALCONNECTOR',
  'd024f170-c00d-11e8-b568-0800200c9a66',
);
export const Stream = interfaceId<Stream>('PDMISTREAM', 'f9bd1ba6-c134-44cc-8259-febe14393952');
export const Media = interfaceId<Media>('PDMIMEDIA', '8ec68c48-dd20-4430-8386-f0d628a5aca6');
export const MediaPort = interfaceId<MediaPort>('PDMIMEDIAPORT', '77180ab8-6485-454f-b440-efca322b7bd7');
export const Mount = interfaceId<Mount>('PDMIMOUNT', '34fc7a4c-623a-4806-a6bf-5be1be33c99f');
export const MountNotify = interfaceId<MountNotify>('PDMIMOUNTNOTIFY', 'fa143ac9-9fc6-498e-997f-945380a558f9');
export const KeyboardPort = interfaceId<KeyboardPort>('PDMIKEYBOARDPORT', '2a0844f0-410b-40ab-a6ed-6575f3aa3e29');
export const KeyboardConnector = interfaceId<KeyboardConnector>(
  'PDMIKEYBOARDCONNECTOR',
  'db3f7bd5-953e-436f-9f8e-077905a92d82',
);
export const MousePort = interfaceId<MousePort>('PDMIMOUSEPORT', 'd2bb54b7-d877-441b-9d25-d2d3329465c2');
export const MouseConnector = interfaceId<MouseConnector>('PDMIMOUSECONNECTOR', 'ce64d7bd-fa8f-41d1-a6fb-d102a2d6bffe');
export const DisplayPort = interfaceId<DisplayPort>('PDMIDISPLAYPORT', '471b0520-338c-11e9-bb84-6ff2c956da45');
export const DisplayConnector = interfaceId<DisplayConnector>(
  'PDMIDISPLAYCONNECTOR',
  'cdd562e4-8030-11ea-8d40-bbc8e146c565',
);
