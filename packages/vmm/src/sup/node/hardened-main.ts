import { isSsmError, SsmError } from '@ssmkit/runtime';
import { hardenedImportAppPrivate } from './load.js';
import { type VerifyOptions, verifyDirectory } from './verify.js';

/** SUPINITOP: which step on the way to the program failed. */
export const initOperations = { INTEGRITY: 1, ROOT_CHECK: 2, DRIVER: 3, IPRT: 4 } as const;
export type InitOperation = keyof typeof initOperations;

/** Exit code where the program was not reached. */
export const EXIT_NOT_STARTED = 1;

/** What a program exports. */
export interface TrustedProgram {
  /** @returns the exit code. */
  TrustedMain(args: readonly string[], env: Readonly<NodeJS.ProcessEnv>): number | Promise<number>;
  /** Is told of what fails after the program was loaded. */
  TrustedError?(where: string, what: InitOperation, error: SsmError): void;
}

export interface HardenedMainOptions extends VerifyOptions {
  /** Directory of the installation; all of it is verified. */
  readonly appDirectory: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Opens the support driver; not given for programs that need none (SUPSECMAIN_FLAGS_DONT_OPEN_DEV). */
  readonly openDriver?: () => unknown;
  /** Effective user, where the program must have the rights of root. */
  readonly effectiveUid?: number;
  /** Is told of what fails when the program cannot be asked. */
  readonly onError?: (where: string, what: InitOperation, error: SsmError) => void;
}

/**
 * Verifies an installation, opens the driver and runs a program of it (`SUPR3HardenedMain`): the module `<name>.mjs` in the
 * installation, which exports `TrustedMain`.
 *
 * @returns the program's exit code, or {@link EXIT_NOT_STARTED} when something before it failed. What the program throws
 * is thrown.
 */
export async function hardenedMain(name: string, options: HardenedMainOptions): Promise<number> {
  const { appDirectory, args = [], env = {}, openDriver = () => {}, effectiveUid = 0, onError } = options;
  let program: TrustedProgram | undefined;
  const steps: readonly (readonly [string, InitOperation, () => unknown])[] = [
    ['verifyDirectory', 'INTEGRITY', () => verifyDirectory(appDirectory, { ...options, recursive: true })],
    [
      'hardenedImportAppPrivate',
      'INTEGRITY',
      async () => {
        program = programOf(await hardenedImportAppPrivate(name, appDirectory, options), name);
      },
    ],
    ['hardenedMain', 'ROOT_CHECK', () => checkRoot(effectiveUid)],
    ['openDriver', 'DRIVER', openDriver],
  ];
  for (const [where, what, step] of steps) {
    try {
      await step();
    } catch (error) {
      const failure = isSsmError(error)
        ? error
        : new SsmError('VERR_GENERAL_FAILURE', `${where} failed: ${error}`, {}, { cause: error });
      if (program?.TrustedError === undefined) onError?.(where, what, failure);
      else program.TrustedError(where, what, failure);
      return EXIT_NOT_STARTED;
    }
  }
  return program!.TrustedMain(args, env);
}

function programOf(exports: object, name: string): TrustedProgram {
  if (!('TrustedMain' in exports) || typeof exports.TrustedMain !== 'function') {
    throw new SsmError('VERR_SYMBOL_NOT_FOUND', `'${name}' exports no function TrustedMain`);
  }
  return exports as TrustedProgram;
}

function checkRoot(uid: number): void {
  if (uid !== 0) throw new SsmError('VERR_ACCESS_DENIED', `the effective user is ${uid}, not root`);
}
