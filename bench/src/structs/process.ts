/* Measures the structure whose index is the argument, and prints the figures as JSON. */

import { measureSubject } from './measure-subject.js';
import { subjects } from './subjects.js';

process.stdout.write(JSON.stringify(measureSubject(subjects[Number(process.argv[2])]!)));
