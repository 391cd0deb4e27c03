import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { ClosedOutput, outputOf } from './io.js';

/** A stream that fails every write. */
function failing(code: string): Writable & { isTTY: boolean; columns: number } {
  const stream = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`${code}: write`), { code, syscall: 'write' }));
    },
  });
  return Object.assign(stream, { isTTY: false, columns: 0 });
}

const thrownBy = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('outputOf', () => {
  it('has the width of a terminal, as it is now', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const output = outputOf(stream, {});
    expect(output).to.deep.include({ color: true, width: 80 });
    stream.columns = 40;
    expect(output.width).to.equal(40);
  });

  it('has neither width nor colours where there is no terminal', () => {
    const output = outputOf(Object.assign(new PassThrough(), { isTTY: false, columns: 80 }), {});
    expect(output.color).to.equal(false);
    expect(output.width).to.equal(undefined);
  });

  it('waits until the data has been taken', async () => {
    const taken: string[] = [];
    let release = () => {};
    const stream = new Writable({
      write(chunk, _encoding, done) {
        taken.push(String(chunk));
        release = () => done();
      },
    });
    const output = outputOf(Object.assign(stream, { isTTY: false, columns: 0 }), {});
    let written = false;
    const write = output.write('abc').then(() => {
      written = true;
    });
    await new Promise((done) => setImmediate(done));
    expect(taken).to.deep.equal(['abc']);
    expect(written).to.equal(false);
    release();
    await write;
    expect(written).to.equal(true);
  });

  it('tells a closed pipe from a failure, and survives both', async () => {
    const closed = outputOf(failing('EPIPE'), {});
    expect(await thrownBy(closed.write('x'))).to.be.instanceOf(ClosedOutput);
    expect(await thrownBy(closed.write('y')), 'a write after that').to.be.instanceOf(ClosedOutput);
    expect(await thrownBy(outputOf(failing('ENOSPC'), {}).write('x'))).to.have.property(
      'status',
      'VERR_SSM_LOW_ON_DISK_SPACE',
    );
  });
});
