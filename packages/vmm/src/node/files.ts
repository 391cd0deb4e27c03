import { SsmError } from '@ssmkit/runtime';
import { FileSink, FileSource } from '@ssmkit/runtime/node';
import type { Uvm, VmLoadOptions, VmSaveOptions, VmSaveResult } from '../vm/index.js';

/**
 * Saves a machine to a file, as `uvm.save` does. The path has what it had before, or all of the new state.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for an empty path; what the file fails with, and what `uvm.save` does.
 */
export async function saveToFile(uvm: Uvm, path: string, options: VmSaveOptions = {}): Promise<VmSaveResult> {
  checkPath(path);
  return uvm.save(new FileSink(path), options);
}

/**
 * Loads a machine from a file, as `uvm.load` does.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for an empty path; what the file fails with, and what `uvm.load` does.
 */
export async function loadFromFile(uvm: Uvm, path: string, options: VmLoadOptions = {}): Promise<void> {
  checkPath(path);
  const source = new FileSource(path);
  try {
    await uvm.load(source, { from: `'${path}'`, ...options });
  } finally {
    source.close();
  }
}

function checkPath(path: string): void {
  if (path === '') throw new SsmError('VERR_INVALID_PARAMETER', 'the path of the saved state is empty');
}
