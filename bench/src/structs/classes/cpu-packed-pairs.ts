import { SsmStruct } from '@ssmkit/schema';
import { CpuPairs } from './cpu-pairs.js';

/** The same without gaps, so that its memory is what the stream has of it: 976 bytes. */
@SsmStruct({ packed: true, view: true })
export class CpuPackedPairs extends CpuPairs {}
