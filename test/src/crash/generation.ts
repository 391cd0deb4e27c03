import { Registry } from '@ssmkit/runtime';

/** Bytes of the unit "memory". */
export const MEMORY_SIZE = 1 << 19;

/** The unit "memory" of a generation: every byte depends on the generation. */
export function memoryOf(generation: number): Uint8Array {
  const memory = new Uint8Array(MEMORY_SIZE);
  for (let i = 0; i < MEMORY_SIZE; i++) memory[i] = (i * 31 + generation * 7 + (i >> 12)) & 0xff;
  return memory;
}

/** Units of one generation. */
export function registryOf(generation: number): Registry {
  const registry = new Registry();
  registry.register({ name: 'generation', version: 1, saveExec: (put) => put.putU32(generation) });
  registry.register({ name: 'memory', version: 1, saveExec: (put) => put.putMem(memoryOf(generation)) });
  return registry;
}
