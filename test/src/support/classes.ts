import { isStateClass, type StateClass } from '@ssmkit/schema';
import * as big from '../classes/big.js';
import '../classes/big.ssm.js';
import * as everyStream from '../classes/every-stream.js';
import '../classes/every-stream.ssm.js';
import * as everyStruct from '../classes/every-struct.js';
import '../classes/every-struct.ssm.js';
import * as foreign from '../classes/foreign.js';
import '../classes/foreign.ssm.js';
import * as nested from '../classes/nested.js';
import '../classes/nested.ssm.js';
import * as simple from '../classes/simple.js';
import '../classes/simple.ssm.js';
import * as viewParts from '../classes/view-parts.js';
import '../classes/view-parts.ssm.js';

const modules = {
  big,
  'every-stream': everyStream,
  'every-struct': everyStruct,
  foreign,
  nested,
  simple,
  'view-parts': viewParts,
};

/** Every decorated class of the tests, by the name of its source file. All have generated code. */
export const testClasses: readonly { readonly file: string; readonly target: StateClass }[] = Object.entries(
  modules,
).flatMap(([file, module]) =>
  Object.values<unknown>(module)
    .filter(isStateClass)
    .map((target) => ({ file, target })),
);

/** What a class that can only be loaded was when it was saved. */
export const savers: ReadonlyMap<StateClass, StateClass> = new Map([
  [everyStruct.Widened as StateClass, everyStruct.BeforeWidened as StateClass],
]);
