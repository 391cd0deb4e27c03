import { isSsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import { type InfoDestination, type InfoItem, type InfoQuery, InfoRegistry, InfoText, infoFlags } from './index.js';

const device = { name: 'a device' };
const driver = { name: 'a driver' };
const usb = { name: 'a USB device' };

/** An item that writes its name and arguments. */
const item = (name: string, flags = 0): InfoItem<unknown> => ({
  name,
  description: `About ${name}.`,
  flags,
  handler: (_owner, output, args) => output.line(`${name}(${args})`),
});

const statusOf = (call: () => Promise<unknown>) =>
  call().then(
    () => 'VINF_SUCCESS',
    (error) => (isSsmError(error) ? error.status : String(error)),
  );

describe('registering info items', () => {
  const rows: readonly (readonly [rule: string, call: (info: InfoRegistry) => void, status: string | undefined])[] = [
    ['of a device', (info) => info.registerDevice(device, item('x')), undefined],
    ['of a driver', (info) => info.registerDriver(driver, item('x')), undefined],
    ['of a USB device', (info) => info.registerUsb(usb, item('x')), undefined],
    ['internal', (info) => info.registerInternal(item('x')), undefined],
    ['external', (info) => info.registerExternal('me', item('x')), undefined],
    ['external without an owner', (info) => info.registerExternal(undefined, item('x')), undefined],
    ['flags RUN_ON_EMT and ALL_EMTS', (info) => info.registerInternal(item('x', 3)), undefined],
    ['an empty name', (info) => info.registerInternal(item('')), 'VERR_INVALID_PARAMETER'],
    ['unknown flags', (info) => info.registerInternal(item('x', 4)), 'VERR_INVALID_FLAGS'],
    ['unknown flags among known', (info) => info.registerInternal(item('x', 0x80000001)), 'VERR_INVALID_FLAGS'],
    ['no handler', (info) => info.registerInternal({ name: 'x', description: '' } as never), 'VERR_INVALID_POINTER'],
    ['no device', (info) => info.registerDevice(undefined as never, item('x')), 'VERR_INVALID_POINTER'],
    ['no driver', (info) => info.registerDriver(null as never, item('x')), 'VERR_INVALID_POINTER'],
    ['no USB device', (info) => info.registerUsb(undefined as never, item('x')), 'VERR_INVALID_POINTER'],
  ];
  for (const [rule, call, status] of rows) {
    it(`${rule}: ${status ?? 'fine'}`, () => {
      const info = new InfoRegistry();
      expect(outcome(() => call(info))).to.equal(status);
      expect(info.items).to.have.length(status === undefined ? 1 : 0);
    });
  }

  it('keeps them sorted by name', () => {
    const info = new InfoRegistry();
    for (const name of ['mode', 'cfgm', 'Zeta', 'cpumguest', 'cpum', 'gdt']) info.registerInternal(item(name));
    expect(info.items.map(({ name }) => name)).to.deep.equal(['Zeta', 'cfgm', 'cpum', 'cpumguest', 'gdt', 'mode']);
  });

  it('lists what they are', () => {
    const info = new InfoRegistry();
    info.registerDevice(device, item('x', infoFlags.allEmts));
    expect(info.items).to.deep.equal([{ name: 'x', description: 'About x.', kind: 'device', flags: 2 }]);
  });

  it('a name may be registered more than once; the first is asked', async () => {
    const info = new InfoRegistry();
    info.registerInternal({ ...item('x'), handler: (_vm, output) => output.print('first') });
    info.registerDevice(device, { ...item('x'), handler: (_device, output) => output.print('second') });
    expect(await info.text('x')).to.equal('first');
    info.deregister('internal', undefined, 'x');
    expect(await info.text('x')).to.equal('second');
  });
});

describe('removing info items', () => {
  const other = {};
  const filled = () => {
    const info = new InfoRegistry();
    for (const owner of [device, other]) {
      info.registerDevice(owner, item(owner === device ? 'dev1' : 'other'));
      info.registerDriver(owner, item(owner === device ? 'drv1' : 'other'));
      info.registerUsb(owner, item(owner === device ? 'usb1' : 'other'));
    }
    info.registerDevice(device, item('dev2'));
    info.registerInternal(item('int1'));
    info.registerInternal(item('int2'));
    info.registerExternal(device, item('ext1'));
    return info;
  };
  const all = 'dev1 dev2 drv1 ext1 int1 int2 other other other usb1';
  const rows: readonly (readonly [
    rule: string,
    call: (info: InfoRegistry) => void,
    status: string | undefined,
    left: string,
  ])[] = [
    [
      "a device's of a name",
      (info) => info.deregister('device', device, 'dev1'),
      undefined,
      'dev2 drv1 ext1 int1 int2 other other other usb1',
    ],
    [
      "all of a device's, with its end",
      (info) => info.deregister('device', device),
      undefined,
      'drv1 ext1 int1 int2 other other other usb1',
    ],
    [
      "all of a driver's",
      (info) => info.deregister('driver', device),
      undefined,
      'dev1 dev2 ext1 int1 int2 other other other usb1',
    ],
    [
      "all of a USB device's",
      (info) => info.deregister('usb', device),
      undefined,
      'dev1 dev2 drv1 ext1 int1 int2 other other other',
    ],
    [
      'an internal one',
      (info) => info.deregister('internal', undefined, 'int2'),
      undefined,
      'dev1 dev2 drv1 ext1 int1 other other other usb1',
    ],
    [
      'all internal ones',
      (info) => info.deregister('internal', undefined),
      undefined,
      'dev1 dev2 drv1 ext1 other other other usb1',
    ],
    [
      'an external one',
      (info) => info.deregister('external', undefined, 'ext1'),
      undefined,
      'dev1 dev2 drv1 int1 int2 other other other usb1',
    ],
    ['an unknown name', (info) => info.deregister('device', device, 'x'), 'VERR_FILE_NOT_FOUND', all],
    ["another device's", (info) => info.deregister('device', device, 'other'), 'VERR_FILE_NOT_FOUND', all],
    ["a driver's as a device's", (info) => info.deregister('device', device, 'drv1'), 'VERR_FILE_NOT_FOUND', all],
    [
      'an internal one as an external one',
      (info) => info.deregister('external', undefined, 'int1'),
      'VERR_FILE_NOT_FOUND',
      all,
    ],
    ["all of a device's that has none", (info) => info.deregister('device', {}), undefined, all],
    ['no owner', (info) => info.deregister('device', undefined as never), 'VERR_INVALID_POINTER', all],
  ];
  for (const [rule, call, status, left] of rows) {
    it(`${rule}: ${status ?? 'fine'}`, () => {
      const info = filled();
      expect(outcome(() => call(info))).to.equal(status);
      expect(info.items.map(({ name }) => name).join(' ')).to.equal(left);
    });
  }
});

describe('asking for information', () => {
  it('an unknown name', async () => {
    expect(await statusOf(() => new InfoRegistry().text('x'))).to.equal('VERR_FILE_NOT_FOUND');
  });

  it('a name is no pattern and no prefix', async () => {
    const info = new InfoRegistry();
    info.registerInternal(item('cpum'));
    for (const name of ['cpu', 'cpumguest', '*', 'CPUM']) {
      expect(await statusOf(() => info.text(name)), name).to.equal('VERR_FILE_NOT_FOUND');
    }
  });

  it('handlers get their owner: the device, the driver, the VM, what was given', async () => {
    const vm = { name: 'the VM' };
    const info = new InfoRegistry({ vm: () => vm });
    const owners: unknown[] = [];
    const handler = (owner: unknown) => void owners.push(owner);
    const about = { description: '', handler };
    info.registerDevice(device, { ...about, name: 'a' });
    info.registerDriver(driver, { ...about, name: 'b' });
    info.registerUsb(usb, { ...about, name: 'c' });
    info.registerInternal({ ...about, name: 'd' });
    info.registerExternal('me', { ...about, name: 'e' });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await info.text(name);
    expect(owners).to.deep.equal([device, driver, usb, vm, 'me']);
  });

  it('an internal item of a VM that is gone', async () => {
    const info = new InfoRegistry({ vm: () => undefined });
    info.registerInternal(item('x'));
    info.registerDevice(device, item('y'));
    expect(await statusOf(() => info.text('x'))).to.equal('VERR_INVALID_VM_HANDLE');
    expect(await info.text('y')).to.equal('y()\n');
  });

  it('arguments come as one text, or split', async () => {
    const info = new InfoRegistry();
    const seen: unknown[] = [];
    info.registerInternal({ name: 'text', description: '', handler: (_vm, _output, args) => void seen.push(args) });
    info.registerInternal({ name: 'argv', description: '', argvHandler: (_vm, _output, argv) => void seen.push(argv) });
    for (const args of [undefined, '', `verbose 'cpu 0'`]) {
      for (const name of ['text', 'argv']) await info.query(name, new InfoText(), args === undefined ? {} : { args });
    }
    expect(seen).to.deep.equal(['', [], '', [], `verbose 'cpu 0'`, ['verbose', 'cpu 0']]);
  });

  it('waits for a handler that takes its time, and passes on what it throws', async () => {
    const info = new InfoRegistry();
    info.registerInternal({
      name: 'slow',
      description: '',
      handler: async (_vm, output) => {
        await new Promise((resolve) => setImmediate(resolve));
        output.print('at last');
      },
    });
    info.registerInternal({
      name: 'broken',
      description: '',
      handler: () => {
        throw new Error('broken');
      },
    });
    expect(await info.text('slow')).to.equal('at last');
    expect(await statusOf(() => info.text('broken'))).to.equal('Error: broken');
  });

  it('gives JSON: text, and data where there is any', async () => {
    const info = new InfoRegistry();
    info.registerInternal({
      name: 'timers',
      description: '',
      handler: (_vm, output) => {
        output.line('two');
        output.data({ timers: 1 });
        output.data({ timers: 2 });
      },
    });
    info.registerInternal(item('plain'));
    expect(await info.json('timers')).to.deep.equal({ name: 'timers', text: 'two\n', data: { timers: 2 } });
    expect(await info.json('plain', { args: 'a' })).to.deep.equal({ name: 'plain', text: 'plain(a)\n' });
  });
});

describe('where handlers run', () => {
  const rows: readonly (readonly [flags: number, query: InfoQuery, destinations: readonly InfoDestination[]])[] = [
    [0, {}, []],
    [infoFlags.runOnEmt, {}, ['any']],
    [infoFlags.allEmts, {}, ['all']],
    [infoFlags.runOnEmt | infoFlags.allEmts, {}, ['all']],
    [0, { cpu: 2 }, [2]],
    [infoFlags.runOnEmt, { cpu: 2 }, [2]],
    [infoFlags.allEmts, { cpu: 2 }, [2]],
    [infoFlags.runOnEmt, { cpu: 'any' }, ['any']],
  ];
  for (const [flags, query, expected] of rows) {
    it(`flags ${flags}, ${JSON.stringify(query)}: ${expected.join() || 'called at once'}`, async () => {
      const destinations: InfoDestination[] = [];
      const info = new InfoRegistry({
        runOn: async (destination, call) => {
          destinations.push(destination);
          for (let cpu = 0; cpu < (destination === 'all' ? 2 : 1); cpu++) await call();
        },
      });
      info.registerDevice(device, item('x', flags));
      const text = await info.text('x', query);
      expect(destinations).to.deep.equal(expected);
      expect(text).to.equal('x()\n'.repeat(expected[0] === 'all' ? 2 : 1));
    });
  }

  it('without tasks handlers are just called', async () => {
    const info = new InfoRegistry();
    info.registerDevice(device, item('x', infoFlags.allEmts));
    expect([await info.text('x'), await info.text('x', { cpu: 1 })]).to.deep.equal(['x()\n', 'x()\n']);
  });

  it('also when several are asked', async () => {
    const destinations: InfoDestination[] = [];
    const info = new InfoRegistry({
      runOn: async (destination, call) => {
        destinations.push(destination);
        await call();
      },
    });
    for (const [name, flags] of [
      ['a', infoFlags.allEmts],
      ['b', 0],
      ['c', infoFlags.runOnEmt],
    ] as const) {
      info.registerInternal(item(name, flags));
    }
    await info.queryAll('*', new InfoText());
    expect(destinations).to.deep.equal(['all', 'any']);
  });

  it('a handler that goes while its query waits for a task is not called', async () => {
    const info = new InfoRegistry({
      runOn: async (_destination, call) => {
        info.deregister('device', device);
        await call();
      },
    });
    for (const [flags, query] of [
      [0, { cpu: 0 }],
      [infoFlags.runOnEmt, {}],
    ] as const) {
      info.registerDevice(device, item('x', flags));
      expect(await statusOf(() => info.text('x', query))).to.equal('VERR_FILE_NOT_FOUND');
    }
  });
});

describe('asking several', () => {
  it('those that one pattern includes and the other does not exclude, in order', async () => {
    const info = new InfoRegistry();
    for (const name of ['mode', 'cpumguest', 'cpumhost', 'gdt', 'cfgm']) info.registerInternal(item(name));
    const output = new InfoText();
    const asked = await info.queryAll('cpum*|mode|nothing', output, { except: '*host' });
    expect(asked).to.deep.equal(['cpumguest', 'mode']);
    expect(output.text).to.equal('== cpumguest ==\ncpumguest()\n== mode ==\nmode()\n');
    expect(await info.queryAll('x*', output)).to.deep.equal([]);
    expect(await info.queryAll('gdt|mode', output)).to.deep.equal(['gdt', 'mode']);
  });
});

describe('output', () => {
  it('prints, ends lines, and aligns tables', () => {
    const output = new InfoText();
    output.print('a');
    output.line('b');
    output.line();
    output.table([
      ['timer', 5, 'on'],
      ['x', 1234n, ''],
    ]);
    output.table([]);
    expect(output.text).to.equal('ab\n\ntimer     5  on\nx      1234\n');
  });
});
