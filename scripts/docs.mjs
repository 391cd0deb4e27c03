// npm run docs: writes the documents that are made from tables. With --check it only compares.

import './kinds-doc.mjs';
import './units-doc.mjs';
import './units-coverage.mjs';
