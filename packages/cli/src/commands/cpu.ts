import { SsmError } from '@ssmkit/runtime';
import {
  type CpuMode,
  type CpuRegisters,
  cpuModeOf,
  hasRegisters,
  plainRegisters,
  registersOf,
  registersText,
  type SegmentName,
  segmentNames,
} from '@ssmkit/vbox';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { type Input, withInput } from '../input.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { vboxUnit } from '../vbox-unit.js';

/** A register in hexadecimal, such as `0x0000000000000010`. */
export type HexJson = string;

/** A segment register in {@link CpuJson}. */
export interface SegmentJson {
  readonly selector: HexJson;
  readonly base: HexJson;
  readonly limit: HexJson;
  readonly attributes: HexJson;
}

/** A CPU in {@link CpuDocument}. */
export interface CpuJson {
  readonly index: number;
  readonly mode: CpuMode;
  readonly registers: Readonly<Record<string, HexJson>>;
  readonly segments: Readonly<Record<SegmentName, SegmentJson>>;
  readonly tables: Readonly<Record<'gdtr' | 'idtr', { readonly base: HexJson; readonly limit: HexJson }>>;
  readonly fpu: Readonly<Record<string, HexJson>> & {
    readonly st: readonly HexJson[];
    readonly xmm: readonly HexJson[];
  };
  readonly ymm: readonly HexJson[] | null;
  readonly paePdpes: readonly HexJson[] | null;
  readonly msrs: readonly { readonly name: string; readonly number: HexJson; readonly value: HexJson }[];
}

/** What `ssm cpu --json` prints; docs/cli.md says what each key means. */
export interface CpuDocument {
  readonly file: string;
  readonly version: number;
  readonly cpus: readonly CpuJson[];
  readonly errors: readonly ErrorJson[];
}

interface Options extends SalvageOptions {
  readonly cpu?: number;
}

const example = `
Example:
  $ ssm cpu machine.sav
  $ ssm cpu machine.sav --cpu 1
The lines are those that VirtualBox's log has for a machine at power off, and its debugger for 'info cpumguest verbose'.
Of x86 guests only: how ARM CPUs are saved is not described.`;

function parseCpu(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Expected the number of a CPU: 0, 1, …');
  return Number(text);
}

/** `ssm cpu FILE` */
export function cpuCommand(context: Context): Command {
  return new Command('cpu')
    .description("Shows the registers of the guest's CPUs as VirtualBox does.")
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .addOption(new Option('--cpu <n>', 'only this CPU (default: all)').argParser(parseCpu))
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, options: Options) => {
      context.json = options.json === true;
      await withInput(context.io, file, options.maxInput, (input) => cpu(context, input, options));
    });
}

async function cpu(context: Context, input: Input, { cpu: wanted, salvage }: Options): Promise<void> {
  const { value, version, damage } = await vboxUnit(input.source, { name: 'cpum', instance: 1 }, salvage);
  if (!hasRegisters(value)) {
    throw new SsmError('VERR_NO_DATA', 'a live pass has no registers, and the final pass is missing', { unit: 'cpum' });
  }
  const all = registersOf(value);
  if (wanted !== undefined && wanted >= all.length) {
    const there = all.length === 1 ? 'there is one, number 0' : `there are ${all.length}, from number 0 on`;
    throw new SsmError('VERR_INVALID_CPU_ID', `there is no CPU ${wanted}: ${there}`);
  }
  const shown = [...all.entries()].filter(([index]) => wanted === undefined || index === wanted);
  context.fail(damage);
  if (context.json) {
    const cpus = shown.map(([index, registers]) => cpuJson(index, registers));
    const document: CpuDocument = { file: input.name, version, cpus, errors: damage.map(errorJson) };
    await context.document(document);
  } else await context.print(shown.map(([index, registers]) => registersText(registers, index)).join('\n'));
  await context.report(damage);
}

const BITS = { u16: 16, u32: 32, u64: 64 };

function hex(value: number | bigint, bits = BITS.u64): HexJson {
  return `0x${value.toString(16).padStart(bits / 4, '0')}`;
}

function cpuJson(index: number, r: CpuRegisters): CpuJson {
  const { fcw, fsw, ftw, fop, fpuip, cs, reserved1, fpudp, ds, reserved2, mxcsr, mxcsrMask, st, xmm } = r.fpu;
  const xsave = { xcr0: r.xcr0, xcr1: r.xcr1, xstateMask: r.xstateMask };
  const registers = [
    ...plainRegisters.map((name) => [name, r[name]] as const),
    ...Object.entries(xsave).filter((entry): entry is [string, bigint] => entry[1] !== undefined),
  ];
  const segments = segmentNames.map((name) => {
    const { selector, base, limit, attributes } = r[name];
    return [
      name,
      {
        selector: hex(selector, BITS.u16),
        base: hex(base),
        limit: hex(limit, BITS.u32),
        attributes: hex(attributes, BITS.u32),
      },
    ] as const;
  });
  const table = ({ base, limit }: CpuRegisters['gdtr']) => ({ base: hex(base), limit: hex(limit, BITS.u16) });
  const words = { fcw, fsw, ftw, fop, cs, reserved1, ds, reserved2 };
  const dwords = { fpuip, fpudp, mxcsr, mxcsrMask };
  return {
    index,
    mode: cpuModeOf(r),
    registers: Object.fromEntries(registers.map(([name, value]) => [name, hex(value)])),
    segments: Object.fromEntries(segments) as CpuJson['segments'],
    tables: { gdtr: table(r.gdtr), idtr: table(r.idtr) },
    fpu: {
      ...Object.fromEntries(Object.entries(words).map(([name, value]) => [name, hex(value, BITS.u16)])),
      ...Object.fromEntries(Object.entries(dwords).map(([name, value]) => [name, hex(value, BITS.u32)])),
      st: st.map((value) => hex(BigInt.asUintN(80, value), 80)),
      xmm: xmm.map((value) => hex(value, 128)),
    } as unknown as CpuJson['fpu'],
    ymm: r.ymm?.map((value) => hex(value, 256)) ?? null,
    paePdpes: r.paePdpes?.map((value) => hex(value)) ?? null,
    msrs: r.msrs.map(({ name, number, value }) => ({ name, number: hex(number, BITS.u32), value: hex(value) })),
  };
}
