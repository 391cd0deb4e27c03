import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import { checkUnsigned, passRequest, SERVICE_REQUEST_MAGIC } from './request.js';
import type { Session } from './session.js';

/** Longest name of a service, in bytes: that of a module, since modules are services of their own name. */
const NAME_MAX = 31;

/**
 * Serves requests (FNSUPR0SERVICEREQHANDLER).
 *
 * @param request a copy that is copied back to the caller, its header included.
 * @returns an informational status, or nothing for VINF_SUCCESS. Failures are thrown.
 */
export type ServiceHandler = (
  session: Session,
  operation: number,
  arg: bigint,
  request: Uint8Array | undefined,
) => SsmStatus | undefined | Promise<SsmStatus | undefined>;

/** The services in the kernel, by name. Modules bring them, or whoever embeds the driver. */
export class Services {
  readonly #services = new Map<string, { readonly handler: ServiceHandler; readonly session: Session | undefined }>();

  /** Names of the services there are. */
  get names(): readonly string[] {
    return [...this.#services.keys()];
  }

  /**
   * Registers a service.
   *
   * @param session the one it goes with, if it goes with one.
   * @throws SsmError VERR_INVALID_NAME, VERR_ALREADY_EXISTS.
   */
  register(name: string, handler: ServiceHandler, session?: Session): void {
    checkName(name);
    if (this.#services.has(name)) throw new SsmError('VERR_ALREADY_EXISTS', `there is a service '${name}'`);
    this.#services.set(name, { handler, session });
  }

  /** @throws SsmError VERR_SUPDRV_SERVICE_NOT_FOUND. */
  deregister(name: string): void {
    if (!this.#services.delete(name)) throw notFound(name);
  }

  /**
   * Calls a service (`SUPR3CallR0Service`).
   *
   * @param operation 32 bits.
   * @param arg 64 bits.
   * @param request begins with a header of magic and size.
   * @throws SsmError VERR_INVALID_NAME, VERR_SUPDRV_SERVICE_NOT_FOUND, VERR_INVALID_MAGIC, VERR_INVALID_PARAMETER; what
   * the service throws.
   */
  async call(session: Session, name: string, operation: number, arg = 0n, request?: Uint8Array): Promise<SsmStatus> {
    session.mustBeOpen();
    checkName(name);
    checkUnsigned(operation, 32, 'the operation');
    checkUnsigned(arg, 64, 'the argument');
    return passRequest(request, SERVICE_REQUEST_MAGIC, async (copy) => {
      const service = this.#services.get(name);
      if (service === undefined) throw notFound(name);
      return (await service.handler(session, operation, arg, copy)) ?? 'VINF_SUCCESS';
    });
  }

  /** Services of a session go with it. For the driver. */
  sessionClosed(session: Session): void {
    for (const [name, service] of this.#services) if (service.session === session) this.#services.delete(name);
  }
}

function checkName(name: string): void {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > NAME_MAX) {
    throw new SsmError('VERR_INVALID_NAME', `'${name}' is no name of a service: 1 to ${NAME_MAX} characters of ASCII`);
  }
}

function notFound(name: string): SsmError {
  return new SsmError('VERR_SUPDRV_SERVICE_NOT_FOUND', `there is no service '${name}'`);
}
