/*
 * STAM, the statistics
 *
 * A sample is a number that somebody keeps anyway, and a name under which it can be found: how often a queue was
 * flushed, how long a timer's callback takes. Registering one costs nothing while the VM runs: the owner counts where
 * it always counts, and samples are looked at only when somebody asks.
 *
 *     const inserts = new Counter();
 *     stats.register({ name: '/PDM/Queue/DevHlp/Insert', type: 'counter', sample: inserts, unit: 'calls' });
 *     inserts.inc();
 *     stats.dump('/PDM/*')    // /PDM/Queue/DevHlp/Insert                           1 calls
 *
 * Names are paths, and samples are kept in the order of their components, so what belongs together is together. They
 * are chosen by simple patterns. Counters and profiles are cleared by `reset`; numbers of any width are there in two
 * variants, cleared or not, and may be shown in hex. A number lives in a cell, which may be a property of any object
 * (`cellOf`), or computed when it is read.
 *
 * A profile measures with the clock it is given, never with the machine's, so that a test says what time it is.
 *
 * Facts: stam.h and STAMR3.cpp of VirtualBox 7.2, as far as the project's specification documents have them, and the
 * statistics in its release logs. What profiles can do besides (pause, go on), and JSON, are ssmkit's own.
 */
export { Counter, cellOf, Profile, ProfileAdv, type TickSource } from './samples.js';
export { type SampleEntry, type SampleJson, type SampleRegistration, Statistics } from './statistics.js';
export {
  type Callback,
  type Cell,
  type Ratio,
  type SampleOf,
  type SampleType,
  type SampleVisibility,
  sampleTypes,
  sampleVisibilities,
} from './types.js';
export { type SampleUnit, sampleUnits, unitTexts } from './units.js';
