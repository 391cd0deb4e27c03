/** Decimal digits in groups of three, with blanks: `4 294 967 296`. */
export function grouped(value: bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size as people say it, rounded down to a tenth: `512.0 MiB`, `999 B` as in release logs. */
export function humanSize(bytes: bigint): string {
  let unit = 0;
  while (bytes >> BigInt(10 * (unit + 1)) > 0n && unit < SIZE_UNITS.length - 1) unit++;
  if (unit === 0) return `${bytes} B`;
  const tenths = (bytes * 10n) >> BigInt(10 * unit);
  return `${tenths / 10n}.${tenths % 10n} ${SIZE_UNITS[unit]}`;
}
