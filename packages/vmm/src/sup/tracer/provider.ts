import { SsmError } from '@ssmkit/runtime';

/** A probe of a provider: a point in the code that a tracer can be told of. */
export interface ProbeDescription {
  readonly name: string;
  /** Names and C types of its arguments. */
  readonly args?: readonly { readonly name: string; readonly type: string }[];
}

/** A provider: what a VTG object describes. */
export interface ProviderDescription {
  readonly name: string;
  readonly probes: readonly ProbeDescription[];
}

/** Longest string in a description, in bytes. Like the next but one a limit of this driver's own. */
const STRING_MAX = 200;
/** As many raw arguments as SUPDRVTRACERUSRCTX has on AMD64. */
const ARGS_MAX = 10;
/** Most probes of a provider. */
const PROBES_MAX = 10_000;

const word = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Checks a description, as the driver checks VTG data that it does not trust. @throws SsmError VERR_SUPDRV_VTG_*. */
export function checkProvider({ name, probes }: ProviderDescription): void {
  checkString(name, word, 'VERR_SUPDRV_VTG_BAD_PROVIDER');
  if (probes.length === 0) throw new SsmError('VERR_SUPDRV_VTG_BAD_HDR_TOO_FEW', `provider '${name}' has no probes`);
  if (probes.length > PROBES_MAX) {
    throw new SsmError('VERR_SUPDRV_VTG_BAD_HDR_TOO_MUCH', `provider '${name}' has ${probes.length} probes`);
  }
  const names = new Set<string>();
  for (const { name: probe, args = [] } of probes) {
    // Two dashes or underscores in a row are a dash to DTrace.
    checkString(probe, /^[A-Za-z_][A-Za-z0-9_-]*$/, 'VERR_SUPDRV_VTG_BAD_PROBE');
    if (names.has(probe)) throw new SsmError('VERR_SUPDRV_VTG_BAD_PROBE', `two probes are called '${probe}'`);
    names.add(probe);
    if (args.length > ARGS_MAX) {
      throw new SsmError('VERR_SUPDRV_VTG_BAD_ARGLIST', `probe '${probe}' has ${args.length} arguments`);
    }
    for (const { name: arg, type } of args) {
      checkString(arg, word, 'VERR_SUPDRV_VTG_BAD_ARGLIST');
      checkString(type, /^[A-Za-z_][A-Za-z0-9_ *]*$/, 'VERR_SUPDRV_VTG_BAD_ARGLIST');
    }
  }
}

function checkString(
  text: string,
  shape: RegExp,
  status: 'VERR_SUPDRV_VTG_BAD_PROVIDER' | 'VERR_SUPDRV_VTG_BAD_PROBE' | 'VERR_SUPDRV_VTG_BAD_ARGLIST',
): void {
  if (text.length > STRING_MAX) {
    throw new SsmError('VERR_SUPDRV_VTG_STRING_TOO_LONG', `a string of ${text.length} characters`);
  }
  if (!/^[\x20-\x7e]*$/.test(text)) {
    throw new SsmError('VERR_SUPDRV_VTG_BAD_STRING', `${JSON.stringify(text)} has a character that is not ASCII`);
  }
  if (!shape.test(text)) throw new SsmError(status, `'${text}' is no name here`);
}
