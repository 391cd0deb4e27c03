import { type ClassSlot, type Descriptor, type StateClass, StructFlags, slotKey, slotOf } from '@ssmkit/schema';
import { getFields } from './get-object.js';
import type { GetPrimitives } from './get-primitives.js';
import { putFields } from './put-object.js';
import type { PutPrimitives } from './put-primitives.js';
import { type GetFunction, type PutFunction, StructClass, type TableFit } from './struct-class.js';
import type { StructView } from './struct-view.js';

/** What generated code brings for the views of a class: functions as for the class, but only for 64-bit hosts. */
export interface GeneratedView {
  readonly descriptor: Descriptor;
  readonly put: PutFunction;
  readonly get: GetFunction;
  /** The same with DONT_IGNORE, where that makes a difference. */
  readonly putIgnored?: PutFunction;
  readonly getIgnored?: GetFunction;
  readonly fits: TableFit;
}

/** The class of the views of a class. */
export type ViewConstructor<T extends object = object> = new (bytes?: Uint8Array) => StructView<T>;

/*
 * Views and other hosts
 *
 * A view has the layout of 64-bit hosts in memory, and its generated functions are for streams of such hosts. For any
 * other the walk over the fields reads and writes its properties, as it does with any object.
 *
 * No call is cold: the walk would have each accessor compiled, which costs more than two functions that copy.
 */

/** What the engines know of the views of a class. */
export class ViewClass extends StructClass {
  readonly #functions: GeneratedView;

  constructor(target: StateClass, functions: GeneratedView) {
    super(target);
    this.#functions = functions;
    this.put = functions.put as PutFunction<object>;
    this.get = functions.get as GetFunction<object>;
    this.fits = functions.fits;
  }

  override putAny(stream: PutPrimitives, object: object, flags: number): void {
    const { put, putIgnored = put, descriptor } = this.#functions;
    if (!stream.canonical) putFields(stream, object, descriptor, flags);
    else ((flags & StructFlags.DONT_IGNORE ? putIgnored : put) as PutFunction<object>)(stream, object, flags);
  }

  override getAny(stream: GetPrimitives, object: object, flags: number): void {
    const { get, getIgnored = get, descriptor } = this.#functions;
    if (!stream.canonical) getFields(stream, object, descriptor, flags);
    else ((flags & StructFlags.DONT_IGNORE ? getIgnored : get) as GetFunction<object>)(stream, object, flags);
  }
}

/** Registers the views of a class. Generated files call it. */
export function registerView<T extends object>(
  target: StateClass<T>,
  view: ViewConstructor<T>,
  functions: GeneratedView,
): void {
  const own = slotOf(target);
  const slot: ClassSlot = {
    target: own.target,
    descriptor: functions.descriptor,
    engine: new ViewClass(own.target, functions),
    isView: true,
  };
  Object.defineProperty(view.prototype, slotKey, { value: slot, configurable: true });
  own.view = view as unknown as StateClass;
  inherit(target.prototype, view.prototype);
}

/** Gives views the methods and getters that objects of the class have, except those that they have already. */
function inherit(from: object, to: object): void {
  for (let at = from; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (key === 'constructor' || Object.hasOwn(to, key)) continue;
      Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(at, key) as PropertyDescriptor);
    }
  }
}
