import { SsmError } from '@ssmkit/runtime';
import type { HostClock } from '../../emt/host-clock.js';
import type { Session } from '../session.js';
import { Logger, type LogWriter } from './logger.js';
import type { DestinationName } from './settings.js';

/** SUPLOGGER. */
export const loggerKinds = { DEBUG: 1, RELEASE: 2 } as const;
export type LoggerKind = keyof typeof loggerKinds;

/** What the loggers in the kernel are made with. */
export interface LoggersOptions {
  /** Groups there are; `default` comes first where it is not named. */
  readonly groups?: readonly string[];
  /** Who takes what goes to a destination. What goes to one that nobody takes is lost. */
  readonly writers?: Readonly<Partial<Record<DestinationName, LogWriter>>>;
}

/** The debug and the release logger in the kernel. */
export class Loggers {
  readonly #clock: HostClock;
  readonly #groups: readonly string[];
  readonly #writers: Readonly<Partial<Record<DestinationName, LogWriter>>>;
  readonly #loggers = new Map<LoggerKind, { readonly logger: Logger; readonly session: Session }>();

  constructor({ timers, groups = [], writers = {} }: LoggersOptions & { readonly timers: HostClock }) {
    this.#clock = timers;
    this.#groups = groups.includes('default') ? groups : ['default', ...groups];
    this.#writers = writers;
  }

  /** A logger, while there is one. */
  get(which: LoggerKind): Logger | undefined {
    return this.#loggers.get(which)?.logger;
  }

  /** Makes a logger (`SUPR3LoggerCreate`). It goes with the session. @throws SsmError VERR_ALREADY_EXISTS, VERR_INVALID_PARAMETER. */
  create(session: Session, which: LoggerKind, flags = '', groups = '', destinations = ''): Logger {
    session.mustBeOpen();
    checkKind(which);
    if (this.#loggers.has(which)) throw new SsmError('VERR_ALREADY_EXISTS', `there is a ${which} logger`);
    const logger = new Logger({ clock: this.#clock, groups: this.#groups, writers: this.#writers });
    logger.change({ flags, groups, destinations });
    this.#loggers.set(which, { logger, session });
    return logger;
  }

  /** Changes a logger's settings (`SUPR3LoggerSettings`). @throws SsmError VERR_WRONG_ORDER, VERR_INVALID_PARAMETER, with nothing changed. */
  settings(session: Session, which: LoggerKind, flags = '', groups = '', destinations = ''): void {
    session.mustBeOpen();
    checkKind(which);
    const logger = this.get(which);
    if (logger === undefined) throw new SsmError('VERR_WRONG_ORDER', `there is no ${which} logger`);
    logger.change({ flags, groups, destinations });
  }

  /** Writes what a logger has buffered, and ends it (`SUPR3LoggerDestroy`). Without one nothing happens. */
  destroy(session: Session, which: LoggerKind): void {
    session.mustBeOpen();
    checkKind(which);
    this.#end(which);
  }

  /** For the driver. */
  sessionClosed(session: Session): void {
    for (const [which, one] of this.#loggers) if (one.session === session) this.#end(which);
  }

  #end(which: LoggerKind): void {
    const logger = this.get(which);
    this.#loggers.delete(which);
    logger?.flush();
  }
}

function checkKind(which: LoggerKind): void {
  if (!Object.hasOwn(loggerKinds, which)) throw new SsmError('VERR_INVALID_PARAMETER', `no logger '${which}'`);
}
