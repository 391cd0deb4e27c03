import { ByteReader } from '../containers/byte-reader.js';
import type { Limits } from '../containers/guard.js';
import { isSsmError, SsmError, type SsmWhere } from '../error.js';
import type { Source } from '../io/sink-source.js';
import type { SsmStatus } from '../status.js';
import { loadState } from './load.js';
import { openState } from './open.js';
import { peekFormat } from './open-reader.js';
import { Registry } from './registry.js';
import { validateState } from './validate.js';

/** What VirtualBox's loader says to a saved state; `VINF_SUCCESS` where nothing is wrong. */
export interface Verdict {
  /** The check of header and footer, and of the whole file's CRC. */
  readonly validate: { readonly withoutChecksum: SsmStatus; readonly withChecksum: SsmStatus };
  /** Opening for reading single units. */
  readonly open: SsmStatus;
  /** Loading, with every unit taken and read to its end exactly. Units for themselves can be sound in a file that fails. */
  readonly load: SsmStatus;
  /** The first failure, in the order above. */
  readonly failure?: SsmError;
  /** Its place and message. */
  readonly where?: SsmWhere;
  readonly message?: string;
  /**
   * Of a file of format V1.0, which VirtualBox 3.1 and later refuse whatever is in it: the verdict that those up to 3.0,
   * which read it, come to.
   */
  readonly before31?: Verdict;
}

/** How a state is verified. */
export interface VerifyOptions {
  /** What each of the steps takes on at most; see {@link Limits}. */
  limits?: Partial<Limits> | undefined;
  /** Ends all reading: VERR_SSM_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/**
 * Goes through a saved state as VirtualBox's loader does.
 *
 * It is read several times where it is a file, and only loaded where it is a stream: the other statuses are then those
 * that the load came to by itself.
 *
 * @throws whatever the source throws that is no `SsmError`; damage is told, not thrown.
 */
export async function verifyState(source: Source, options: VerifyOptions = {}): Promise<Verdict> {
  const verdict = await verdictOn(source, options);
  return source.size !== undefined && (await isV10(source)) ? refusalOf(verdict) : verdict;
}

async function verdictOn(source: Source, options: VerifyOptions): Promise<Verdict> {
  let first: { failure: SsmError; where: SsmWhere; message: string } | undefined;
  const statusOf = async (step: () => Promise<unknown>): Promise<SsmStatus> => {
    try {
      await step();
      return 'VINF_SUCCESS';
    } catch (error) {
      if (!isSsmError(error)) throw error;
      first ??= { failure: error, where: error.where, message: error.message };
      return error.status;
    }
  };
  const { limits = {}, signal } = options;
  const common = { limits, ...(signal !== undefined && { signal }) };
  const load = () =>
    loadState(new Registry(), source, {
      ...common,
      onUnknownUnit: async (_stream, _unit, handle) => {
        await handle.readToEndOfUnit();
      },
    });

  if (source.size === undefined) {
    const loaded = await statusOf(load);
    return { validate: { withoutChecksum: loaded, withChecksum: loaded }, open: loaded, load: loaded, ...first };
  }
  return {
    validate: {
      withoutChecksum: await statusOf(() => validateState(source, common)),
      withChecksum: await statusOf(() => validateState(source, { ...common, checksum: true })),
    },
    open: await statusOf(() => openState(source, common)),
    load: await statusOf(load),
    ...first,
  };
}

async function isV10(source: Source): Promise<boolean> {
  try {
    return (await peekFormat(new ByteReader(source))) === '1.0';
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return false;
  }
}

/** What VirtualBox 3.1 and later say to a file of format V1.0. */
function refusalOf(before31: Verdict): Verdict {
  const status = 'VERR_SSM_INTEGRITY_VERSION';
  const { failure: damage } = before31;
  const known = 'format V1.0, which VirtualBox 3.1 and later do not read';
  const failure =
    damage === undefined
      ? new SsmError(status, `${known}; for those up to 3.0 the file is sound`, { offset: 0 })
      : new SsmError(status, `${known}; for those up to 3.0 it is damaged, too: ${damage.message}`, damage.where, {
          cause: damage,
        });
  return {
    validate: { withoutChecksum: status, withChecksum: status },
    open: status,
    load: status,
    failure,
    where: failure.where,
    message: failure.message,
    before31,
  };
}
