import { isSsmError, type OpenUnit, type SsmError } from '@ssmkit/runtime';
import { PageReader } from './get-pages.js';
import { getPgmHeader, type PgmHeader } from './header-parts.js';
import { OldMemoryReader, OldPageType } from './old-memory.js';
import { hasPageRecords, PageType } from './records.js';

/** What a pass of guest memory holds. */
export interface PgmSurvey {
  /** What stands in front of the pages; `undefined` where it was not understood. */
  readonly header: PgmHeader | undefined;
  /** Number of records by type; up to version 9 of pages. Those of which there are none are left out. */
  readonly pages: Readonly<Record<string, number>>;
  /** What is not as the version promises: nothing behind it was understood. */
  readonly failure: SsmError | undefined;
  /** What is wrong with the unit's records, checksum included. */
  readonly damage: SsmError | undefined;
}

const typeNames = Object.keys(PageType);
const oldTypeNames = ['plain', ...Object.keys(OldPageType)];

/**
 * Goes through a unit `pgm`, without decoding its pages.
 *
 * @param unit of which nothing was read. @param afterLive the state has had the lists of ranges before this pass.
 */
export async function surveyPgm(unit: OpenUnit, afterLive: boolean): Promise<PgmSurvey> {
  const { stream, version } = unit;
  const counts = new Map<string, number>();
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  let header: PgmHeader | undefined;
  let failure: SsmError | undefined;
  try {
    header = await getPgmHeader(stream, version, afterLive);
    if (hasPageRecords(version)) {
      const reader = new PageReader(stream);
      while (await reader.next()) count(typeNames[reader.type] as string);
    } else {
      const reader = new OldMemoryReader(stream, version);
      while (await reader.nextRange()) {
        while (await reader.nextPage()) count(oldTypeNames[reader.type] as string);
      }
    }
  } catch (error) {
    if (!isSsmError(error)) throw error;
    failure = error;
  }
  let damage: SsmError | undefined;
  try {
    await unit.measure();
  } catch (error) {
    if (!isSsmError(error)) throw error;
    damage = error;
  }
  return { header, pages: Object.fromEntries(counts), failure, damage };
}
