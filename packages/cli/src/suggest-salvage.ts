import { isSsmError, SsmError } from '@ssmkit/runtime';

/** Does what needs a state that is whole; where it fails because the state is damaged, says what helps. */
export async function suggestSalvage<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!isSsmError(error) || !isDamage(error)) throw error;
    const { status, detail, where } = error;
    throw new SsmError(status, `${detail}; --salvage takes what can be read`, where, { cause: error });
  }
}

/** Whether a failure is one of a state that is damaged, and not that of another file. */
function isDamage({ status, where }: SsmError): boolean {
  const isOther =
    status === 'VERR_SSM_INTEGRITY_MAGIC' || status === 'VERR_SSM_INTEGRITY_VERSION' || where.offset === 0;
  return !isOther && /^VERR_(?:SSM_INTEGRITY|EOF)/.test(status);
}
