// npm run clean: removes what the build made.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
for (const folder of [...packages, 'test', 'bench', 'examples'])
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
