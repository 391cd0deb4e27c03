/*
 * A teleport
 *
 * The source has the machine and connects, the target waits for it. They talk in lines; the state goes in blocks.
 *
 *     target                            source
 *     VirtualBox-Teleporter-1.0    →
 *                                  ←    password
 *     ACK                          →
 *                                  ←    load
 *     ACK                          →
 *                                  ←    the state, in blocks; an empty one at its end
 *     ACK                          →    “load-complete”: the target has all of it
 *                                  ←    lock-media             the source has unlocked its disks
 *     ACK                          →
 *                                  ←    hand-over-resume, or hand-over-paused
 *     ACK                          →
 *
 * and then the machine runs at the target. In place of each ACK may come `NACK=<status>;<text>`; after load-complete the
 * source may instead send `cancel` and go (`VirtualBox 7.2 ConsoleImplTeleporter.cpp`, i_teleporterSrc and
 * i_teleporterTrgServeConnection).
 */

import type { TeleportTimeouts } from './timeouts.js';

const utf8 = new TextEncoder();

/** Characters of a command, without the newline. */
export const COMMAND_MAX = 127;

/** What the source may ask for. */
export type Command = 'load' | 'cancel' | 'lock-media' | 'hand-over-resume' | 'hand-over-paused';

/** The first release of VirtualBox that speaks as one side does. */
export type Dialect = '4.2' | '3.2' | '3.1';

/** What distinguishes the dialects. */
export const dialects: Readonly<Record<Dialect, { readonly plainPassword: boolean; readonly refusalText: boolean }>> = {
  '4.2': { plainPassword: false, refusalText: true },
  '3.2': { plainPassword: true, refusalText: true },
  '3.1': { plainPassword: true, refusalText: false },
};

/** A line as it is sent. */
export function encodeLine(text: string): Uint8Array {
  return utf8.encode(`${text}\n`);
}

/** What the target begins with. */
export const WELCOME = encodeLine('VirtualBox-Teleporter-1.0');

/**
 * Where a teleport is. The source is told all of these, the target `password` to `hand-over`; `password` and `load` are
 * where it waits for the password and for the state to come.
 */
export type TeleportStep = 'welcome' | 'password' | 'load' | 'stream' | 'load-complete' | 'lock-media' | 'hand-over';

/** How far a teleport is. */
export interface TeleportProgress {
  readonly step: TeleportStep;
  /** Bytes of the state that were sent or received. */
  readonly bytes: number;
}

/** Told at every step, and during `stream` for every block. What it throws ends the teleport. */
export type TeleportListener = (progress: TeleportProgress) => void;

/** What both sides take. */
export interface ConversationOptions {
  /** Known to both sides, in plain text; default: none. */
  password?: string;
  /** Default `'4.2'`; an older one for VirtualBox before 4.2 at the other end. */
  dialect?: Dialect;
  /** Cancels the teleport: VERR_SSM_CANCELLED, with the signal's reason as its cause. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the other side. */
  timeouts?: Partial<TeleportTimeouts>;
  onProgress?: TeleportListener | undefined;
}

/** How far one side is, and its failures told from there. */
export class Steps {
  readonly #side: string;
  readonly #listener: TeleportListener | undefined;
  #step: TeleportStep;
  #bytes = 0;

  constructor(side: string, first: TeleportStep, listener: TeleportListener | undefined) {
    this.#side = side;
    this.#step = first;
    this.#listener = listener;
  }

  get step(): TeleportStep {
    return this.#step;
  }

  get bytes(): number {
    return this.#bytes;
  }

  enter(step: TeleportStep): void {
    this.#step = step;
    this.#tell();
  }

  count(bytes: number): void {
    this.#bytes = bytes;
    this.#tell();
  }

  #tell(): void {
    this.#listener?.({ step: this.#step, bytes: this.#bytes });
  }

  /** `teleport source, load-complete`. */
  toString(): string {
    return `teleport ${this.#side}, ${this.#step}`;
  }
}
