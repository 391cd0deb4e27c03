import { expect } from 'chai';
import * as ssm from './decorators.js';
import { type HostProfile, hostProfile, hosts } from './host.js';
import { descriptorFor, type StateClass } from './metadata.js';
import { type Wire, wireOf } from './wire.js';

const { SsmStream, SsmStruct } = ssm;
const amd64 = hosts['linux.amd64']!;
const x86 = hosts['linux.x86']!;
const msc32 = hosts['win.x86']!;
const narrow = hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 });

@SsmStruct()
class Inner {
  @ssm.U8() x = 0;
}

@SsmStruct()
class Struct {
  @ssm.U32() u32 = 0;
  @ssm.U16({ count: 3 }) array = new Uint16Array(3);
  @ssm.Mem({ count: 3 }) mem = new Uint8Array(3);
  @ssm.GCPhys() gcphys = 0n;
  @ssm.GCPtr() gcptr = 0n;
  @ssm.GCUInt() gcuint = 0n;
  @ssm.RCPtr() rcptr = 0;
  @ssm.HCPtrNI() ni = false;
  @ssm.HCPtrHackU32() hack = 0;
  @ssm.U32ZxU64() zx = 0n;
  @ssm.Ignore('u16', { count: 3 }) declare ignore: never;
  @ssm.IgnGCPhys() declare ignPhys: never;
  @ssm.IgnGCPtr() declare ignPtr: never;
  @ssm.IgnRCPtr() declare ignRc: never;
  @ssm.IgnHCPtr() declare ignHc: never;
  @ssm.Old(5) declare old: never;
  @ssm.OldGCPhys() declare oldPhys: never;
  @ssm.OldGCPtr() declare oldPtr: never;
  @ssm.OldRCPtr() declare oldRc: never;
  @ssm.OldHCPtr() declare oldHc: never;
  @ssm.OldPadHC(3, 6) declare oldPad: never;
  @ssm.OldPadMsc32(4) declare oldMsc: never;
  @ssm.PadHC(2, 8) declare pad: never;
  @ssm.PadHC32(12) declare pad32: never;
  @ssm.PadHC64(4) declare pad64: never;
  @ssm.PadHCAuto(1, 5) declare auto: never;
  @ssm.PadMsc32Auto(4) declare msc: never;
  @ssm.Struct(Inner) inner = new Inner();
  @ssm.Struct(Inner, { flatten: true }) flat = new Inner();
  @ssm.Callback('u32', { put: 'nothing' }) callback = 0;
  @ssm.NoEntry('u32') declare unsaved: never;
  nothing(): void {}
}

const value = (bytes: number): Wire => ({ form: 'value', bytes });
const zeros = (bytes: number): Wire => ({ form: 'zeros', bytes });
const low32 = (bytes: 4 | 8): Wire => ({ form: 'low32', bytes });
const indicator: Wire = { form: 'indicator' };
/** The same for every writer. */
const always = (wire: Wire) => [wire, wire, wire, wire] as const;

/** The writers of a row, in its order. */
const writers = [amd64, x86, msc32, narrow] as const;

/** What a member becomes, without DONT_IGNORE and with it, by writer: amd64, gcc for i386, MSC32, 4-byte addresses (spec 03 §6). */
const matrix: Readonly<Record<string, readonly [plain: readonly Wire[], dontIgnore?: readonly Wire[]]>> = {
  u32: [always(value(4))],
  array: [always(value(2))],
  mem: [always({ form: 'bytes' })],
  gcphys: [[value(8), value(8), value(8), value(4)]],
  gcptr: [[value(8), value(8), value(8), value(4)]],
  gcuint: [always(value(8))],
  rcptr: [always(value(4))],
  ni: [always(indicator), [value(8), value(4), value(4), value(4)]],
  hack: [always(low32(4)), [low32(8), low32(4), low32(4), low32(4)]],
  zx: [always(value(4))],
  ignore: [always(zeros(0)), always(zeros(6))],
  ignPhys: [always(zeros(0)), [zeros(8), zeros(8), zeros(8), zeros(4)]],
  ignPtr: [always(zeros(0)), [zeros(8), zeros(8), zeros(8), zeros(4)]],
  ignRc: [always(zeros(0)), always(zeros(4))],
  ignHc: [always(zeros(0)), [zeros(8), zeros(4), zeros(4), zeros(4)]],
  old: [always(zeros(5))],
  oldPhys: [[zeros(8), zeros(8), zeros(8), zeros(4)]],
  oldPtr: [[zeros(8), zeros(8), zeros(8), zeros(4)]],
  oldRc: [always(zeros(4))],
  oldHc: [[zeros(8), zeros(4), zeros(4), zeros(4)]],
  oldPad: [[zeros(6), zeros(3), zeros(3), zeros(3)]],
  oldMsc: [[zeros(0), zeros(0), zeros(4), zeros(0)]],
  pad: [always(zeros(0)), [zeros(8), zeros(2), zeros(2), zeros(2)]],
  pad32: [always(zeros(0)), [zeros(0), zeros(12), zeros(12), zeros(12)]],
  pad64: [always(zeros(0)), [zeros(4), zeros(0), zeros(0), zeros(0)]],
  auto: [always(zeros(0)), [zeros(5), zeros(1), zeros(1), zeros(1)]],
  msc: [always(zeros(0)), [zeros(0), zeros(0), zeros(4), zeros(0)]],
  inner: [always({ form: 'image' })],
  flat: [always({ form: 'nested' })],
  callback: [always({ form: 'callback' })],
  unsaved: [always(zeros(0))],
};

describe('what a member of a structure becomes', () => {
  const { fields } = descriptorFor(Struct);

  it('is told for every member', () => {
    expect(fields.map(({ name }) => name)).to.have.members(Object.keys(matrix));
  });

  for (const [name, [plain, dontIgnore = plain]] of Object.entries(matrix)) {
    const field = fields.find((candidate) => candidate.name === name)!;
    it(`${name}, by the writer's widths`, () => {
      expect(writers.map((writer) => wireOf('struct', field, writer, amd64, false))).to.deep.equal(plain);
    });
    it(`${name} with DONT_IGNORE`, () => {
      expect(writers.map((writer) => wireOf('struct', field, writer, amd64, true))).to.deep.equal(dontIgnore);
    });
  }

  it('has the own size where it is copied', () => {
    const gcuint = fields.find(({ name }) => name === 'gcuint')!;
    expect(wireOf('struct', gcuint, amd64, narrow, false)).to.deep.equal(value(4));
    @SsmStruct()
    class Ignored {
      @ssm.Ignore('hcptr') declare pointer: never;
    }
    const [pointer] = descriptorFor(Ignored).fields;
    expect(wireOf('struct', pointer!, amd64, x86, true)).to.deep.equal(zeros(4));
  });
});

describe('what a value of a stream becomes', () => {
  @SsmStream()
  class Part {
    @ssm.U8() x = 0;
  }

  @SsmStream()
  class Stream {
    @ssm.Bool() bool = false;
    @ssm.U128() u128 = 0n;
    @ssm.GCPhys() gcphys = 0n;
    @ssm.GCUInt() gcuint = 0n;
    @ssm.StrZ() strz = '';
    @ssm.Marker('s16', -1) declare marker: never;
    @ssm.OldHCPtr() declare oldHc: never;
    @ssm.Struct(Inner) inner = new Inner();
    @ssm.Nested(Part) part = new Part();
  }

  const rows: Readonly<Record<string, readonly Wire[]>> = {
    bool: always(value(1)),
    u128: always(value(16)),
    gcphys: [value(8), value(8), value(8), value(4)],
    gcuint: [value(8), value(8), value(8), value(4)],
    strz: always({ form: 'string' }),
    marker: always(value(2)),
    oldHc: [zeros(8), zeros(4), zeros(4), zeros(4)],
    inner: always({ form: 'nested' }),
    part: always({ form: 'nested' }),
  };

  for (const [name, wires] of Object.entries(rows)) {
    it(name, () => {
      const field = descriptorFor(Stream as StateClass).fields.find((candidate) => candidate.name === name)!;
      const told = (own: HostProfile) => writers.map((writer) => wireOf('stream', field, writer, own, false));
      expect(told(amd64)).to.deep.equal(wires);
      expect(told(narrow), 'the own host makes no difference').to.deep.equal(wires);
    });
  }
});
