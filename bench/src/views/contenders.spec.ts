import { expect } from 'chai';
import { actions, viewContenders } from './contenders.js';
import { viewSubjects } from './subjects.js';

describe('the contenders of the benchmark of views', () => {
  for (const subject of viewSubjects) {
    it(`agree on the bytes and the values of ${subject.name}`, () => {
      // Preparing compares what objects and views put, and what comes back; here the loops run as well.
      const contenders = viewContenders(subject);
      expect(Object.keys(contenders)).to.deep.equal([...actions]);
      for (const { run } of Object.values(contenders).flat()) run(2);
    });
  }
});
