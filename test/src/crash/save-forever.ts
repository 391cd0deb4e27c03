import { saveFile } from '@ssmkit/runtime/node';
import { registryOf } from './generation.js';

// Saves to the path it is given, over and over, each time another generation of the same units, until it is killed.

const [path, first] = process.argv.slice(2) as [string, string];
for (let generation = Number(first); ; generation++) {
  await saveFile(registryOf(generation), path);
  // The parent waits for the first.
  process.stdout.write('.');
}
