// npm start: sets up, and runs the demo.

import { node, setUp } from './setup.mjs';

setUp();
node('examples/dist/demo.js', ...process.argv.slice(2));
