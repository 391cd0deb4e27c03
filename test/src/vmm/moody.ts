import { SsmError, type SsmFailure, type UnitRegistration } from '@ssmkit/runtime';
import {
  baseOf,
  type Device,
  type DeviceInstance,
  type DeviceRegistration,
  type Driver,
  type DriverInstance,
  type DriverRegistration,
  deviceClasses,
  type PdmModule,
} from '@ssmkit/vmm';

/*
 * A device with a driver, both with moods: each of their callbacks does what it should, or takes its time, or fails
 */

/** What a callback is about to do. */
export type Mood = 'fine' | 'slow' | 'failing';

/** Callbacks that have moods. */
export const moodyCallbacks = [
  ...['powerOn', 'suspend', 'resume', 'reset', 'powerOff'],
  ...['attach', 'detach', 'construct', 'liveExec', 'saveExec', 'loadExec'],
] as const;

export type MoodyCallback = (typeof moodyCallbacks)[number];

/** What callbacks fail with that are to. */
export const FAILURE: SsmFailure = 'VERR_NO_DATA';

/** The moods of a device and its driver, and what they hold. */
export class Moods {
  /** Of those that are not here: fine. */
  moods: Readonly<Partial<Record<MoodyCallback, Mood>>> = {};
  /** What is saved. */
  value = 0;
  /** Drivers there are: made, and not destroyed. */
  drivers = 0;
  devices = 0;
  /** Holds a live save after its first pass, as long as this has not settled. */
  hold: Promise<void> | undefined;
  /** Told when a live save is held. */
  onHeld: () => void = () => {};

  /** Whether a callback fails. */
  fails(name: MoodyCallback): boolean {
    return this.moods[name] === 'failing';
  }

  async act(name: MoodyCallback): Promise<void> {
    const mood = this.moods[name];
    if (mood === 'slow') for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    if (mood === 'failing') throw new SsmError(FAILURE, `${name} was to fail`);
  }
}

const notifications = (moods: Moods) => ({
  powerOn: () => moods.act('powerOn'),
  suspend: () => moods.act('suspend'),
  resume: () => moods.act('resume'),
  reset: () => moods.act('reset'),
  powerOff: () => moods.act('powerOff'),
});

function moodyDevice(instance: DeviceInstance, moods: Moods): Device {
  const attach = () => instance.driverAttach(0, baseOf(), 'Moody Port');
  return {
    ...notifications(moods),
    construct: async () => {
      moods.devices++;
      instance.ssmRegister({
        version: 1,
        liveExec: async (stream) => {
          await moods.act('liveExec');
          stream.putU32(0);
        },
        saveExec: async (stream) => {
          await moods.act('saveExec');
          stream.putU32(moods.value);
        },
        loadExec: async (stream) => {
          await moods.act('loadExec');
          moods.value = stream.getU32();
        },
      });
      await attach();
    },
    destruct: () => void moods.devices--,
    attach: async () => {
      await moods.act('attach');
      await attach();
    },
    detach: () => {
      if (moods.fails('detach')) throw new Error('a bug in detach');
    },
  };
}

function moodyDriver(instance: DriverInstance, moods: Moods): Driver {
  return {
    ...notifications(moods),
    base: baseOf(),
    construct: async () => {
      moods.drivers++;
      instance.timerCreate({ clock: 'REAL', name: 'Moody', callback: () => {} });
      instance.infoRegister({ name: 'moody', description: 'A driver with moods', handler: () => {} });
      await moods.act('construct');
    },
    destruct: () => void moods.drivers--,
  };
}

/**
 * A unit that holds live saves. It is no device's: while one is saved nothing else can be done to it, and a suspend would
 * wait for what it is to come before.
 */
export const holdingUnit = (moods: Moods): UnitRegistration => ({
  name: 'hold',
  version: 1,
  liveExec: (stream) => void stream.putU8(0),
  liveVote: async (_pass, handle) => {
    if (moods.hold === undefined) return;
    moods.onHeld();
    await handle.interrupt.race(moods.hold);
  },
  saveExec: (stream) => void stream.putU8(0),
  loadExec: (stream) => void stream.getU8(),
});

/** A module that has both. */
export function moodyModule(moods: Moods): PdmModule {
  const device: DeviceRegistration = {
    name: 'moody',
    classes: deviceClasses.MISC,
    create: (instance) => moodyDevice(instance, moods),
  };
  const driver: DriverRegistration = { name: 'Moody', create: (instance) => moodyDriver(instance, moods) };
  return {
    VBoxDevicesRegister: (callbacks) => callbacks.register(device),
    VBoxDriversRegister: (callbacks) => callbacks.register(driver),
  };
}

/** The configuration that has the device in a machine, with its driver. */
export const moodyConfig = {
  Devices: { moody: { 0: { Config: {}, 'LUN#0': { Driver: 'Moody' } } } },
};
