import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, U8, U32 } from '@ssmkit/schema';
import { listOf, TERMINATOR } from '../common.js';
import { VBoxScsi } from './vbox-scsi.js';

// `buslogic`: the BusLogic SCSI controller (`VirtualBox 7.2 DevBusLogic.cpp`).

const DEVICES = 16;

/** Which devices there are; alone in pass 0, and not repeated in front of the state (`buslogicR3LiveExec`). */
@SsmStream()
export class BusLogicConfig {
  @Bool({ count: DEVICES }) present: boolean[] = Array(DEVICES).fill(false);
}

/** A device. */
@SsmStream()
export class BusLogicDevice {
  @Bool() present = false;
  @U32() outstandingRequests = 0;
}

/** `buslogic` versions 1 to 5 (`buslogicR3SaveExec`). */
@SsmStream()
export class BusLogic {
  @Nested(BusLogicDevice, { count: DEVICES }) devices = listOf(DEVICES, BusLogicDevice);
  @U8() status = 0x10;
  @U8() interrupt = 0;
  @U8() geometry = 0;
  @Mem({ count: 256 }) localRam = new Uint8Array(256);
  /** The command in progress; 0xFF: none. */
  @U8() operationCode = 0xff;
  @Mem({ count: 'commandBytes', max: 53 }) commandBuffer = new Uint8Array(53);
  @U8() parameterPosition = 0;
  @U8() parametersLeft = 0;
  @Bool() useLocalRam = false;
  @Mem({ count: 64 }) replyBuffer = new Uint8Array(64);
  @U8() replyPosition = 0;
  @U8() replyLeft = 0;
  @Bool() irqEnabled = true;
  @U8() isaBaseCode = 0;
  @U32() mailboxes = 0;
  /** Whether mailboxes have 24-bit addresses. */
  @Bool({ since: 3 }) mailboxIs24Bit = false;
  @GCPhys() outgoingMailbox = 0n;
  @U32() outgoingPosition = 0;
  @U32() mailboxesReady = 0;
  @Bool() notificationSent = false;
  @GCPhys() incomingMailbox = 0n;
  @U32() incomingPosition = 0;
  @Bool() strictRoundRobin = false;
  @Bool() extendedLunFormat = false;
  @Nested(VBoxScsi, { until: 4 }) vboxScsi = new VBoxScsi();
  /** Addresses of the command control blocks to be done again. */
  @U32({ count: { stream: 'u32' }, max: 4096, since: 2 }) suspended = new Uint32Array(0);
  @Marker('u32', TERMINATOR, { since: 2 }) declare terminator: never;

  commandBytes({ version }: { version: number }): number {
    return version >= 4 ? 53 : 5;
  }
}
