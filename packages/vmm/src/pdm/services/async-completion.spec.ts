import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { deferred, failureStatus } from '../../emt/testing.js';
import type { DriverHelpers } from '../helpers.js';
import { chain, createMachine, managerOf, notingDevice, notingDriver, onEmt } from '../testing.js';
import { AsyncCompletion, type AsyncFile, endpointFlags, type FileAccess } from './async-completion.js';

/** Files whose accesses end when the test says so. */
class Files implements FileAccess {
  readonly log: string[] = [];
  readonly #held: { readonly what: string; readonly end: (error?: Error) => void }[] = [];

  async open(path: string, options: object): Promise<AsyncFile> {
    if (path === 'missing') throw new SsmError('VERR_FILE_NOT_FOUND', 'no such file');
    this.log.push(`open ${path} ${JSON.stringify(options)}`);
    return {
      size: 1000,
      read: (offset, bytes) => this.#hold(`read ${offset}+${bytes.length}`),
      write: (offset, bytes) => this.#hold(`write ${offset}+${bytes.length}`),
      flush: () => this.#hold('flush'),
      truncate: async (size) => void this.log.push(`truncate ${size}`),
      close: async () => void this.log.push(`close ${path}`),
    };
  }

  /** Lets an access end, the first that was begun by default. */
  async finish(at = 0, error?: Error): Promise<void> {
    this.#held.splice(at, 1)[0]!.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #hold(what: string): Promise<void> {
    this.log.push(what);
    const { promise, resolve } = deferred<Error | undefined>();
    this.#held.push({ what, end: resolve });
    return promise.then((error) => {
      if (error !== undefined) throw error;
    });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function open(flags = 0) {
  const files = new Files();
  const logged: string[] = [];
  const completion = new AsyncCompletion(files, (line) => logged.push(line));
  completion.resume();
  const told: unknown[] = [];
  const template = completion.createTemplate(
    'disk',
    (status, task, user) => void told.push([status, task, user]),
    'me',
  );
  const endpoint = await completion.openEndpoint(template, 'a.img', flags);
  files.log.length = 0;
  return { files, completion, template, endpoint, told, logged };
}

describe('asynchronous completion', () => {
  it('tells of each task when it has ended, with what it was begun with', async () => {
    const { files, endpoint, told } = await open();
    endpoint.read(0, new Uint8Array(10), 'r');
    endpoint.write(512, new Uint8Array(20), 'w');
    await turn();
    expect(files.log).to.deep.equal(['read 0+10', 'write 512+20']);
    await files.finish(1);
    expect(told).to.deep.equal([['VINF_SUCCESS', 'w', 'me']]);
    await files.finish(0, new SsmError('VERR_EOF', 'the end'));
    expect(told[1]).to.deep.equal(['VERR_EOF', 'r', 'me']);
    expect(endpoint.pending).to.equal(0);
  });

  it('flushes when all before has ended, and not what comes after', async () => {
    const { files, endpoint, told } = await open();
    endpoint.write(0, new Uint8Array(1), 'before');
    endpoint.flush('flush');
    endpoint.write(1, new Uint8Array(1), 'after');
    await turn();
    expect(files.log).to.deep.equal(['write 0+1', 'write 1+1']);
    await files.finish(0);
    expect(files.log.at(-1)).to.equal('flush');
    await files.finish(1);
    await files.finish(0);
    expect(told.map((entry) => (entry as unknown[])[1])).to.deep.equal(['before', 'flush', 'after']);
  });

  it('begins nothing while the machine is suspended, and ends what has begun', async () => {
    const { files, completion, endpoint, told } = await open();
    endpoint.write(0, new Uint8Array(1), 1);
    await turn();
    completion.suspend();
    endpoint.write(1, new Uint8Array(1), 2);
    await turn();
    await files.finish();
    expect([files.log, told.length, endpoint.pending]).to.deep.equal([['write 0+1'], 1, 1]);
    completion.resume();
    await turn();
    expect(files.log).to.deep.equal(['write 0+1', 'write 1+1']);
    expect(() => completion.resume()).to.throw('VERR_PDM_ASYNC_COMPLETION_NOT_SUSPENDED');
    completion.suspend();
    expect(() => completion.suspend()).to.throw('VERR_PDM_ASYNC_COMPLETION_ALREADY_SUSPENDED');
  });

  it('can take a task back that has not begun', async () => {
    const { files, completion, endpoint } = await open();
    const begun = endpoint.read(0, new Uint8Array(1));
    await turn();
    completion.suspend();
    const waiting = endpoint.read(5, new Uint8Array(1));
    waiting.cancel();
    completion.resume();
    await turn();
    expect(files.log).to.deep.equal(['read 0+1']);
    expect(() => begun.cancel()).to.throw('VERR_INVALID_STATE');
  });

  it('closes a file when its tasks have ended', async () => {
    const { files, template, endpoint } = await open();
    endpoint.write(0, new Uint8Array(1));
    await turn();
    expect(() => template.destroy()).to.throw('VERR_PDM_ASYNC_TEMPLATE_BUSY');
    const closed = endpoint.close();
    await turn();
    expect(files.log).to.deep.equal(['write 0+1']);
    await files.finish();
    await closed;
    expect(files.log.at(-1)).to.equal('close a.img');
    template.destroy();
    expect(() => endpoint.read(0, new Uint8Array(1))).to.throw('VERR_INVALID_HANDLE');
  });

  it('has files of flags', async () => {
    const { endpoint } = await open(endpointFlags.READ_ONLY);
    expect(() => endpoint.write(0, new Uint8Array(1))).to.throw('VERR_ACCESS_DENIED');
    expect(await failureStatus(endpoint.setSize(5))).to.equal('VERR_ACCESS_DENIED');
    const other = await open();
    await other.endpoint.setSize(5);
    expect(other.files.log).to.deep.equal(['truncate 5']);
    expect(await failureStatus(other.completion.openEndpoint(other.template, 'x', 8))).to.equal('VERR_INVALID_FLAGS');
    expect(await failureStatus(other.completion.openEndpoint(other.template, 'missing'))).to.equal(
      'VERR_FILE_NOT_FOUND',
    );
  });

  it('survives callbacks that throw', async () => {
    const { files, completion, logged } = await open();
    const bad = completion.createTemplate(
      'bad',
      () => {
        throw new Error('a bug');
      },
      undefined,
    );
    const endpoint = await completion.openEndpoint(bad, 'b.img');
    endpoint.flush();
    await turn();
    await files.finish();
    expect(logged.join()).to.include("'bad' fails to take a flush");
  });

  for (const [what, status, description, completed] of [
    ['callback', 'VERR_INVALID_POINTER', 'x', undefined],
    ['description', 'VERR_INVALID_PARAMETER', '', () => {}],
  ] as const) {
    it(`refuses a template without a ${what}`, () => {
      const completion = new AsyncCompletion(undefined, () => {});
      expect(() => completion.createTemplate(description, completed as never, 0)).to.throw(status);
    });
  }

  it('needs files', async () => {
    const completion = new AsyncCompletion(undefined, () => {});
    const template = completion.createTemplate('x', () => {}, 0);
    expect(await failureStatus(completion.openEndpoint(template, 'x'))).to.equal('VERR_NOT_SUPPORTED');
  });

  it('of a driver begins when the machine is switched on, and ends untold with the driver', async () => {
    const files = new Files();
    let helpers: DriverHelpers | undefined;
    const told: unknown[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', [])],
      drivers: [
        notingDriver('File', [], {}, (instance) => {
          helpers = instance;
          return { construct: () => {} };
        }),
      ],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('File') } } } },
      pdm: { files },
    });
    const template = await onEmt(vm, () => helpers!.asyncTemplateCreate('disk', (status) => void told.push(status)));
    const endpoint = await helpers!.asyncEndpointOpen(template, 'a.img');
    endpoint.flush();
    await turn();
    expect(files.log).to.have.length(1);
    await vm.uvm.powerOn();
    await turn();
    expect(files.log.at(-1)).to.equal('flush');
    await vm.uvm.suspend('USER');
    expect(managerOf(vm).asyncCompletion.isSuspended).to.equal(true);
    await vm.uvm.resume('USER');
    const detached = managerOf(vm).deviceDetach('disk', 0, 0);
    await turn();
    await files.finish();
    await detached;
    const { templates, endpoints } = managerOf(vm).asyncCompletion;
    expect([templates, endpoints, told, files.log.at(-1)]).to.deep.equal([0, 0, [], 'close a.img']);
    await vm.end();
  });
});
