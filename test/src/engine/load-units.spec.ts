import { type LoadRule, testLoadRules } from './load-rules.js';
import { failureOf } from './script.js';

const nothing = () => {};

const rules: readonly LoadRule[] = [
  {
    rule: 'a unit that nobody has registered fails the load',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec loadDone',
    file: 'a a#1 a',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
    message: /^VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: Found no handler for unit 'a' instance #1 \(/,
  },
  {
    rule: 'a unit that is registered without loadExec fails the load',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadPrep loadDone\n b: loadExec',
    file: 'a b',
    calls: 'loadPrep a, loadDone a',
    ends: 'VERR_SSM_NO_LOAD_EXEC',
  },
  {
    rule: 'units that nobody has registered go to the handler that the program gives',
    source: 'ssmkit',
    units: 'a: loadExec',
    file: 'b=3 a c@2=3',
    options: { onUnknownUnit: (get) => void get.getMem(new Uint8Array(3)) },
    calls: 'loadExec a',
  },
  {
    rule: 'they can be read to their end, whatever they hold, also where nothing was read ahead',
    source: 'ssmkit',
    units: 'a: loadExec',
    file: 'b=3000 a b=0',
    options: { window: 0, onUnknownUnit: async (_get, _unit, handle) => void (await handle.readToEndOfUnit()) },
    does: { a: { loadExec: async (get) => void (await get.getMemAsync(new Uint8Array(1))) } },
    calls: 'loadExec a',
  },
  {
    rule: 'with DEBUG_IT a unit that nobody has registered is passed over',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec',
    file: 'b=3 a b=5000 a@0 c=0',
    options: { after: 'DEBUG_IT' },
    calls: 'loadExec a, loadExec@0 a',
  },
  {
    rule: 'with DEBUG_IT a unit without loadExec fails the load all the same',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadDone',
    file: 'a',
    options: { after: 'DEBUG_IT' },
    calls: 'loadDone a',
    ends: 'VERR_SSM_NO_LOAD_EXEC',
  },
  {
    rule: 'with DEBUG_IT a callback that reads too little fails the load all the same',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a=2',
    options: { after: 'DEBUG_IT' },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
  },
  {
    rule: 'a version that a callback does not know changes the message',
    source: 'ssmR3LoadExecV2',
    units: 'a#2: loadExec=VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    file: 'a#2v9@1',
    calls: 'loadExec@1 a#2',
    ends: 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    message: /: Unsupported version 9 of data unit 'a' \(instance #2, pass 0x1\)/,
  },
  {
    rule: 'what a unit reads too little fails the load',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec loadDone\n b: loadExec',
    file: 'a=2 b',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
    message: /Failed to load unit 'a'/,
  },
  {
    rule: 'a callback that reads nothing of a unit without data is right',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a=0',
    does: { a: { loadExec: nothing } },
    calls: 'loadExec a',
  },
  {
    rule: 'a callback that reads nothing of a unit with data is not',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a',
    does: { a: { loadExec: nothing } },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
  },
  {
    rule: 'the failure of the callback comes before what it has left unread',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec=VERR_NO_MEMORY',
    file: 'a=2',
    calls: 'loadExec a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'reading past the end fails the load although the callback ignores it, and all that it reads after',
    source: 'ssmR3DataReadRecHdrV2',
    units: 'a: loadExec',
    file: 'a=3',
    does: {
      a: {
        async loadExec(get) {
          const ends: (string | undefined)[] = [];
          for (const step of [() => get.getU32(), () => get.getU8()]) ends.push((await failureOf(step))?.status);
          if (ends.some((status) => status !== 'VERR_SSM_LOADED_TOO_MUCH')) throw new Error(ends.join());
        },
      },
    },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
  {
    rule: 'a unit may be skipped to its end from anywhere',
    source: 'SSMR3SkipToEndOfUnit',
    units: 'a: loadExec\n b: loadExec',
    file: 'a=5 b',
    does: {
      a: {
        async loadExec(get, _version, _pass, handle) {
          get.getU16();
          await handle.skipToEndOfUnit();
        },
      },
    },
    calls: 'loadExec a b',
  },
  {
    rule: 'after that there is nothing more to read',
    source: 'SSMR3SkipToEndOfUnit',
    units: 'a: loadExec',
    file: 'a=5',
    does: {
      a: {
        async loadExec(get, _version, _pass, handle) {
          await handle.skipToEndOfUnit();
          get.getU8();
        },
      },
    },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
];

describe('the units of a file that is loaded', () => testLoadRules(rules));
