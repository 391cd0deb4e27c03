import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { documentText, errorJson, unitJson, whereJson } from './json.js';

describe('parts of the JSON documents', () => {
  it('a place has all its keys', () => {
    expect(whereJson({ unit: 'pit', instance: 0 })).to.deep.equal({
      offset: null,
      unit: 'pit',
      instance: 0,
      pass: null,
      field: null,
    });
  });

  it('a failure has its message without status and place', () => {
    expect(errorJson(new SsmError('VERR_EOF', 'too short', { offset: 3 }))).to.deep.equal({
      status: 'VERR_EOF',
      message: 'too short',
      where: { offset: 3, unit: null, instance: null, pass: null, field: null },
    });
  });

  it('a unit has what its header says and nothing else', () => {
    const unit = { name: 'u', instance: 1, version: 2, pass: 3, offset: 4, stream: {} };
    expect(unitJson(unit)).to.deep.equal({ name: 'u', instance: 1, version: 2, pass: 3, offset: 4 });
  });

  it('a document ends with a line break and is safe to show', () => {
    expect(documentText({ a: '\x9b' })).to.equal('{\n  "a": "\\u009b"\n}\n');
  });
});
