import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose } from '@ssmkit/examples/guest';
import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { StepTimers, type Uvm, type VmState } from '@ssmkit/vmm';
import { fileModules } from '@ssmkit/vmm/pdm/node';
import { expect } from 'chai';
import { createPc, expected, runToEnd } from './machine.js';

/*
 * A PC that is to have a device of a module on disk: what is wrong with the module fails the creation, with its status, and
 * the user is told; the next PC, with a good module at the same place, knows nothing of it.
 */

const uid = process.getuid?.() ?? 0;

const register = (text: string) => `export function VBoxDevicesRegister(callbacks, version) { ${text} }`;
const registration = `{
  name: 'plugged', classes: 0x1000000, create: (instance) => ({
    construct() {
      instance.infoRegister({ name: 'plugged', description: 'x', handler: (_, output) => output.line('here') });
      instance.ssmRegister({ version: 1, saveExec: (stream) => stream.putU8(1) });
    },
  }),
}`;
const good = register(`callbacks.register(${registration});`);

describe('a PC with a plug-in', function () {
  if (process.platform === 'win32') return void it.skip('needs owners and modes of files');
  this.timeout(60_000);
  let home: string;
  let path: string;
  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(tmpdir()), 'ssmkit-plug-'));
    chmodSync(home, 0o755);
    mkdirSync(join(home, 'devices'));
    path = join(home, 'devices', 'plug.mjs');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const put = (text: string, mode = 0o644) => {
    writeFileSync(path, text);
    chmodSync(path, mode);
  };

  /** What a creation has come to. */
  async function create() {
    const states: VmState[] = [];
    const errors: SsmError[] = [];
    const timers = new StepTimers(800n);
    let uvm: Uvm | undefined;
    let failure: unknown;
    try {
      uvm = await createPc({
        timers,
        loader: fileModules({ directory: home, uid, stickyParents: 'allow' }),
        config: { PDM: { Devices: { Plug: { Path: path } } }, Devices: { plugged: { 0: { Config: {} } } } },
        onState: (_, state) => states.push(state),
        onError: (_, error) => errors.push(error),
      });
    } catch (error) {
      failure = error;
    }
    return { uvm, failure, states, errors, waiting: timers.waiting };
  }

  async function expectGood() {
    const { uvm, failure } = await create();
    if (uvm === undefined) throw failure;
    expect(uvm.vm?.pdm?.devices.names).to.include('plugged');
    expect(await uvm.info.text('plugged')).to.equal('here\n');
    expect(uvm.vm?.registry.find('plugged', 0)).to.not.equal(undefined);
    const end = runToEnd(uvm);
    await uvm.powerOn();
    expect((await end).text).to.equal(expected);
    await dispose(uvm);
  }

  it('runs with it', async () => {
    put(good);
    await expectGood();
  });

  const bad: readonly (readonly [what: string, status: string, prepare: () => void])[] = [
    ['anybody can write to', 'VERR_SUPLIB_WORLD_WRITABLE', () => put(good, 0o646)],
    [
      'lies where anybody can put files',
      'VERR_SUPLIB_WORLD_WRITABLE',
      () => {
        put(good);
        chmodSync(join(home, 'devices'), 0o757);
      },
    ],
    [
      'is a link to another',
      'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
      () => {
        put(good);
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
    [
      'puts a link in its place when it is loaded',
      'VERR_SUPLIB_NOT_SAME_OBJECT',
      () =>
        put(`import { renameSync, symlinkSync } from 'node:fs';
             const here = new URL(import.meta.url).pathname;
             renameSync(here, here + '.old');
             symlinkSync(here + '.old', here);
             ${good}`),
    ],
    ['is not there', 'VERR_SUPLIB_STAT_FAILED', () => {}],
    ['throws when it is to register', 'VERR_GENERAL_FAILURE', () => put(register('throw new Error("a bug");'))],
    [
      'throws when it has registered',
      'VERR_GENERAL_FAILURE',
      () => put(register(`callbacks.register(${registration}); throw new Error("a bug");`)),
    ],
    [
      'is of another version',
      'VERR_PDM_UNKNOWN_DEVREG_VERSION',
      () => put(register(`callbacks.register({ ...${registration}, version: 0xffff0000 });`)),
    ],
    ['has nothing to register devices with', 'VERR_PDM_NO_REGISTRATION_EXPORT', () => put('export const x = 1;')],
    [
      'registers a device twice',
      'VERR_PDM_DEVICE_NAME_CLASH',
      () => put(register(`callbacks.register(${registration}); callbacks.register(${registration});`)),
    ],
    [
      'registers a device of the machine again',
      'VERR_PDM_DEVICE_NAME_CLASH',
      () => put(register(`callbacks.register({ ...${registration}, name: 'i8254' });`)),
    ],
    ['registers something else', 'VERR_PDM_DEVICE_NOT_FOUND', () => put(register(''))],
    [
      'has a device that cannot be made',
      'VERR_GENERAL_FAILURE',
      () =>
        put(
          register(`callbacks.register({ ...${registration}, create: (instance) => ({ construct() {
            instance.infoRegister({ name: 'plugged', description: 'x', handler: () => {} });
            throw new Error('a bug');
          } }) });`),
        ),
    ],
  ];
  for (const [what, status, prepare] of bad) {
    it(`is not created when the plug-in ${what}; with a good one it is`, async () => {
      prepare();
      const { uvm, failure, states, errors, waiting } = await create();
      expect(uvm).to.equal(undefined);
      expect(isSsmError(failure) && failure.status).to.equal(status);
      expect(errors.length, 'errors that the user was told').to.be.greaterThan(0);
      expect([states, waiting]).to.deep.equal([[], 0]);

      rmSync(path, { force: true });
      chmodSync(join(home, 'devices'), 0o755);
      put(good);
      await expectGood();
    });
  }

  it('is not created when the plug-in is somebody else’s', async function () {
    // Only root can give files away.
    if (uid !== 0) return this.skip();
    put(good);
    chownSync(path, 12345, 12345);
    const { failure } = await create();
    expect(isSsmError(failure) && failure.status).to.equal('VERR_SUPLIB_OWNER_NOT_ROOT');
    chownSync(path, uid, 0);
    await expectGood();
  });
});
