import { expect } from 'chai';
import { abiKey, defaultHost, hostProfile, hosts, pointerBytes, sameAbi } from './host.js';

describe('host profiles', () => {
  const profiles: readonly [name: string, bits: 32 | 64, msc32: boolean][] = [
    ['linux.amd64', 64, false],
    ['linux.x86', 32, false],
    ['linux.arm64', 64, false],
    ['win.amd64', 64, false],
    ['win.x86', 32, true],
    ['win.arm64', 64, false],
    ['darwin.amd64', 64, false],
    ['darwin.x86', 32, false],
    ['darwin.arm64', 64, false],
    ['solaris.amd64', 64, false],
    ['solaris.x86', 32, false],
    ['freebsd.amd64', 64, false],
    ['freebsd.x86', 32, false],
    ['os2.x86', 32, false],
  ];

  it('are those that VirtualBox was built for', () => {
    expect(Object.keys(hosts)).to.have.members(profiles.map(([name]) => name));
  });

  for (const [name, bits, msc32] of profiles) {
    it(`${name} has ${bits} bits${msc32 ? ', and a 32-bit Microsoft compiler' : ''}`, () => {
      expect(hosts[name]).to.deep.equal({ name, bits, gcPhysBytes: 8, gcPtrBytes: 8, msc32 });
      expect(pointerBytes(hosts[name]!)).to.equal(bits / 8);
    });
  }

  it('default to linux.amd64', () => {
    expect(defaultHost).to.deep.equal(hosts['linux.amd64']);
  });

  it('may have narrower guest addresses', () => {
    expect(hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 })).to.include({ gcPhysBytes: 4, gcPtrBytes: 4 });
  });

  for (const name of ['', 'linux', '.x86', 'linux.', 'linux.mips', 'linux.x86.']) {
    it(`refuse '${name}'`, () => {
      expect(() => hostProfile(name)).to.throw(RangeError, `unknown host '${name}': expected os.arch`);
    });
  }
});

describe('ABIs', () => {
  const pairs: readonly [a: string, b: string, same: boolean, why: string][] = [
    ['linux.amd64', 'darwin.arm64', true, 'both have 64 bits and gcc-like compilers'],
    ['linux.x86', 'solaris.x86', true, 'both are gcc for i386'],
    ['linux.amd64', 'linux.x86', false, 'pointers differ'],
    ['linux.x86', 'win.x86', false, 'MSC aligns 64-bit members to 8'],
    ['linux.amd64', 'win.amd64', false, 'only gcc has 128-bit integers'],
    ['win.amd64', 'win.arm64', true, 'both are MSC for 64 bits'],
  ];
  for (const [a, b, same, why] of pairs) {
    it(`${a} and ${b} are ${same ? 'alike' : 'different'}: ${why}`, () => {
      expect(sameAbi(hosts[a]!, hosts[b]!)).to.equal(same);
      expect(abiKey(hosts[a]!) === abiKey(hosts[b]!)).to.equal(same);
    });
  }

  it('differ by the widths of guest addresses', () => {
    const wide = hosts['linux.x86']!;
    expect(sameAbi(wide, hostProfile('linux.x86', { gcPhysBytes: 4 }))).to.equal(false);
    expect(sameAbi(wide, hostProfile('linux.x86', { gcPtrBytes: 4 }))).to.equal(false);
  });
});
