export { type ArbitraryOptions, arbitraryOf } from './arbitrary.js';
export {
  type Api,
  type GetRun,
  type GetTableRun,
  type PutRun,
  type PutTableRun,
  type RoundTripEngine,
  registerEngine,
  registeredEngine,
  type TableCallbacks,
  type Way,
} from './engine.js';
export { checkRoundTrip, type RoundTripOptions } from './round-trip.js';
