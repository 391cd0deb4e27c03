// npm test: sets up, and runs all tests. Arguments go to mocha.

import { node, setUp } from './setup.mjs';

setUp();
node('node_modules/mocha/bin/mocha.js', ...process.argv.slice(2));
