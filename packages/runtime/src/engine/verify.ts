import { isSsmError, type SsmError, type SsmWhere } from '../error.js';
import type { Source } from '../io/sink-source.js';
import type { SsmStatus } from '../status.js';
import { loadState } from './load.js';
import { openState } from './open.js';
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
}

/**
 * Goes through a saved state as VirtualBox's loader does.
 *
 * It is read several times where it is a file, and only loaded where it is a stream: the other statuses are then those
 * that the load came to by itself.
 *
 * @throws whatever the source throws that is no `SsmError`; damage is told, not thrown.
 */
export async function verifyState(source: Source): Promise<Verdict> {
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
  const load = () =>
    loadState(new Registry(), source, {
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
      withoutChecksum: await statusOf(() => validateState(source)),
      withChecksum: await statusOf(() => validateState(source, { checksum: true })),
    },
    open: await statusOf(() => openState(source)),
    load: await statusOf(load),
    ...first,
  };
}
