export { hostTimeZone, type TimeZone } from './calendar.js';
export { cmosChecksum, storeCmosChecksum } from './cmos.js';
export { mc146818, mc146818For, RtcDevice } from './mc146818.js';
