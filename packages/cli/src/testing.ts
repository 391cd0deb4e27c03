import { type Io, main } from './index.js';

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: Uint8Array;
  /** {@link stdout} as text. */
  readonly out: string;
  readonly err: string;
}

/** How a command in a test sees the world. */
export interface RunOptions {
  stdin?: Uint8Array;
  /** Default: that of the process. */
  cwd?: string;
  /** Colours on both outputs; default false. */
  color?: boolean;
  /** Width of the terminal; default: none. */
  width?: number;
  /** Called before stdout takes something. */
  onWrite?: (data: string | Uint8Array) => void | Promise<void>;
}

/** Runs `ssm` without a process. For tests. */
export async function runSsm(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { stdin = new Uint8Array(), cwd = process.cwd(), color = false, width, onWrite } = options;
  const written = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const output = (to: Uint8Array[], before?: RunOptions['onWrite']) => ({
    color,
    width,
    write: async (data: string | Uint8Array) => {
      await before?.(data);
      to.push(typeof data === 'string' ? new TextEncoder().encode(data) : data.slice());
    },
  });
  const io: Io = {
    stdin: (async function* () {
      // In pieces, as pipes give it.
      for (let at = 0; at < stdin.length; at += 1000) yield stdin.subarray(at, at + 1000);
    })(),
    stdout: output(written.stdout, onWrite),
    stderr: output(written.stderr),
    cwd,
  };
  const code = await main(args, io);
  const stdout = new Uint8Array(Buffer.concat(written.stdout));
  const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString();
  return { code, stdout, out: text(written.stdout), err: text(written.stderr) };
}
