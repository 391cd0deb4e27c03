import { Bool, Mem, Nested, S8, SsmStream, type StateClass, StrZ, U8, U16, U64 } from '@ssmkit/schema';
import { expect } from 'chai';
import { styleOf } from './style.js';
import { renderTree } from './tree.js';

@SsmStream()
class Channel {
  @U8() mode = 3;
  @U16({ count: 2 }) counts = new Uint16Array([1, 0xffff]);
}

@SsmStream()
class Device {
  @S8() level = -2;
  @U64() time = 0x1_0000_0000n;
  @U64({ hi: 'highPart' }) lowPart = 1;
  highPart = 2;
  @Bool() enabled = true;
  @StrZ() name = 'a\x1b[2J"';
  @Mem({ count: 18 }) data = new Uint8Array(18).fill(0x41);
  @Nested(Channel) first = new Channel();
  @Nested(Channel, { count: 1 }) rest = [new Channel()];
  @U8({ since: 9 }) later: number | undefined;
}

@SsmStream()
class Long {
  @Mem({ count: 300 }) bytes = new Uint8Array(300);
  @U8({ count: 70 }) list = new Uint8Array(70);
  @StrZ() text = 'x'.repeat(300);
}

const plain = styleOf(false);
const tree = (target: StateClass, all = false) => renderTree(target, new target(), { style: plain, all });

describe('renderTree', () => {
  it('shows every field with its value, integers in hex, too', () => {
    expect(tree(Device).split('\n')).to.deep.equal([
      'Device',
      '├─ level: -2 (0xfe)',
      '├─ time: 4294967296 (0x100000000)',
      '├─ lowPart: 8589934593 (0x200000001)',
      '├─ enabled: true',
      '├─ name: "a\\x1b[2J\\""',
      '├─ data: 18 bytes',
      '│  ├─ 0000  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA',
      `│  └─ 0010  41 41${' '.repeat(44)}AA`,
      '├─ first: Channel',
      '│  ├─ mode: 3 (0x3)',
      '│  └─ counts: 2 elements',
      '│     ├─ [0]: 1 (0x1)',
      '│     └─ [1]: 65535 (0xffff)',
      '├─ rest: 1 elements',
      '│  └─ [0]: Channel',
      '│     ├─ mode: 3 (0x3)',
      '│     └─ counts: 2 elements',
      '│        ├─ [0]: 1 (0x1)',
      '│        └─ [1]: 65535 (0xffff)',
      '└─ later: not there',
      '',
    ]);
  });

  it('cuts what is long, and says how much is left', () => {
    const text = tree(Long);
    expect(text).to.contain('… 44 more bytes (--all shows them)');
    expect(text).to.contain('… 6 more elements (--all shows them)');
    expect(text).to.contain(`"${'x'.repeat(200)}" … 100 more characters (--all shows them)`);
    expect(text).not.to.contain('[64]:');
  });

  it('shows all of it when asked', () => {
    const text = tree(Long, true);
    expect(text)
      .to.contain('[69]:')
      .and.to.contain('0120  00')
      .and.to.contain(`"${'x'.repeat(300)}"`);
    expect(text).not.to.contain('more');
  });
});
