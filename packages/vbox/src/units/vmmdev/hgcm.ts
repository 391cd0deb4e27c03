import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, U32, U64 } from '@ssmkit/schema';

// Calls of the guest to services of the host that were in progress (`VirtualBox 7.2 VMMDevHGCM.cpp`).

/** Most parameters, pages and bytes that are loaded. */
const PARAMETERS_MAX = 1024;
const PAGES_MAX = 0x100000;

/** Bytes of a service's location: a type, and a name of 128 bytes. */
const LOCATION_BYTES = 132;

export enum HgcmCommandType {
  Connect = 1,
  Disconnect = 2,
  Call = 3,
}

/** Types of parameters. */
export enum HgcmParameterType {
  Value32 = 1,
  Value64 = 2,
  /** Memory by its linear address: in and out, to the host, to the guest. */
  Linear = 4,
  LinearIn = 5,
  LinearOut = 6,
  PageList = 10,
  Embedded = 11,
  ContiguousPageList = 12,
  NoBouncePageList = 13,
}

const values: readonly number[] = [HgcmParameterType.Value32, HgcmParameterType.Value64];

/** A parameter of a call. */
@SsmStream()
export class HgcmParameter {
  @U32({ values: HgcmParameterType }) type: number = HgcmParameterType.Value32;
  @U64({ when: 'isValue' }) value = 0n;
  /** Where in the request the value stands, and its bytes. */
  @U32({ when: 'isValue' }) offset = 0;
  @U32({ when: 'isValue' }) size = 0;
  @U32({ when: 'isMemory' }) bytes = 0;
  @U32({ when: 'isMemory' }) firstPageOffset = 0;
  @U32({ when: 'isMemory', max: PAGES_MAX }) pageCount = 0;
  @U32({ when: 'isMemory' }) direction = 0;
  @GCPhys({ count: 'pageCount', max: PAGES_MAX, when: 'isMemory' }) pages = new BigUint64Array(0);

  get isValue(): boolean {
    return values.includes(this.type);
  }

  get isMemory(): boolean {
    return !this.isValue && this.type !== HgcmParameterType.NoBouncePageList;
  }
}

/** A command since version 17 (`vmmdevR3HgcmSaveState`). */
@SsmStream()
export class HgcmCommand {
  @U32({ values: HgcmCommandType }) type: number = HgcmCommandType.Connect;
  @Bool() cancelled = false;
  /** The guest's request in its memory. */
  @GCPhys() request = 0n;
  @U32() requestBytes = 0;
  @U32() requestType = 0;
  @U32({ max: PARAMETERS_MAX }) parameterCount = 0;
  @U32() client = 0;
  @U32({ when: { field: 'type', is: HgcmCommandType.Call } }) function = 0;
  @Nested(HgcmParameter, {
    count: 'parameterCount',
    max: PARAMETERS_MAX,
    when: { field: 'type', is: HgcmCommandType.Call },
  })
  parameters: HgcmParameter[] = [];
  @Mem({ count: LOCATION_BYTES, when: { field: 'type', is: HgcmCommandType.Connect } })
  location = new Uint8Array(LOCATION_BYTES);
  @Marker('u32', 0) declare reserved: never;
}

/** A linear address in a request. */
@SsmStream()
export class HgcmLinearAddress {
  /** The parameter that it belongs to. */
  @U32() parameter = 0;
  @U32() offset = 0;
  @GCPhys({ count: { stream: 'u32' }, max: PAGES_MAX }) pages = new BigUint64Array(0);
}

/** A command of versions 9 to 16. */
@SsmStream()
export class HgcmCommandV9 {
  @GCPhys() request = 0n;
  @U32() requestBytes = 0;
  @U32({ until: 12 }) unnamed0 = 0;
  @U32() type: number = HgcmCommandType.Connect;
  @Bool() cancelled = false;
  @U32({ max: PARAMETERS_MAX }) addressCount = 0;
  @U32({ when: 'addressCount' }) unnamed1 = 0;
  @Nested(HgcmLinearAddress, { count: 'addressCount', max: PARAMETERS_MAX }) addresses: HgcmLinearAddress[] = [];
  @U32() reserved = 0;
}

/** A command up to version 8. */
@SsmStream()
export class HgcmCommandV6 {
  @GCPhys() request = 0n;
  @U32() requestBytes = 0;
}
