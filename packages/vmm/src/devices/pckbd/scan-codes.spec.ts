import { expect } from 'chai';
import { isKey, scanCodes } from './scan-codes.js';

const plain = { modifiers: 0, numLock: false };
const hex = (codes: readonly number[]) => codes.map((code) => code.toString(16).padStart(2, '0')).join(' ');

describe('scan codes', () => {
  const cases: readonly [key: string, usage: number, set1: string, set2: string, set3: string][] = [
    ['A', 0x04, '1e/9e', '1c/f0 1c', '1c/f0 1c'],
    ['Z', 0x1d, '2c/ac', '1a/f0 1a', '1a/f0 1a'],
    ['1', 0x1e, '02/82', '16/f0 16', '16/f0 16'],
    ['enter', 0x28, '1c/9c', '5a/f0 5a', '5a/f0 5a'],
    ['escape', 0x29, '01/81', '76/f0 76', '08/f0 08'],
    ['backspace', 0x2a, '0e/8e', '66/f0 66', '66/f0 66'],
    ['tab', 0x2b, '0f/8f', '0d/f0 0d', '0d/f0 0d'],
    ['space', 0x2c, '39/b9', '29/f0 29', '29/f0 29'],
    ['caps lock', 0x39, '3a/ba', '58/f0 58', '14/f0 14'],
    ['F1', 0x3a, '3b/bb', '05/f0 05', '07/f0 07'],
    ['F7', 0x40, '41/c1', '83/f0 83', '37/f0 37'],
    ['F10', 0x43, '44/c4', '09/f0 09', '4f/f0 4f'],
    ['F11', 0x44, '57/d7', '78/f0 78', '56/f0 56'],
    ['F12', 0x45, '58/d8', '07/f0 07', '5e/f0 5e'],
    ['scroll lock', 0x47, '46/c6', '7e/f0 7e', '5f/f0 5f'],
    ['num lock', 0x53, '45/c5', '77/f0 77', '76/f0 76'],
    ['keypad 5', 0x5d, '4c/cc', '73/f0 73', '73/f0 73'],
    ['keypad *', 0x55, '37/b7', '7c/f0 7c', '7e/f0 7e'],
    ['keypad enter', 0x58, 'e0 1c/e0 9c', 'e0 5a/e0 f0 5a', '79/f0 79'],
    ['between shift and Z', 0x64, '56/d6', '61/f0 61', '13/f0 13'],
    ['left control', 0xe0, '1d/9d', '14/f0 14', '11/f0 11'],
    ['right control', 0xe4, 'e0 1d/e0 9d', 'e0 14/e0 f0 14', '58/f0 58'],
    ['left shift', 0xe1, '2a/aa', '12/f0 12', '12/f0 12'],
    ['right shift', 0xe5, '36/b6', '59/f0 59', '59/f0 59'],
    ['left alt', 0xe2, '38/b8', '11/f0 11', '19/f0 19'],
    ['right alt', 0xe6, 'e0 38/e0 b8', 'e0 11/e0 f0 11', '39/f0 39'],
    ['left GUI', 0xe3, 'e0 5b/e0 db', 'e0 1f/e0 f0 1f', '8b/f0 8b'],
    ['application', 0x65, 'e0 5d/e0 dd', 'e0 2f/e0 f0 2f', '8d/f0 8d'],
    ['up', 0x52, 'e0 48/e0 c8', 'e0 75/e0 f0 75', '63/f0 63'],
    ['delete', 0x4c, 'e0 53/e0 d3', 'e0 71/e0 f0 71', '64/f0 64'],
    ['print screen', 0x46, 'e0 2a e0 37/e0 b7 e0 aa', 'e0 12 e0 7c/e0 f0 7c e0 f0 12', '57/f0 57'],
    ['pause', 0x48, 'e1 1d 45 e1 9d c5/', 'e1 14 77 e1 f0 14 f0 77/', '62/f0 62'],
  ];
  for (const [key, usage, ...sets] of cases) {
    it(`of ${key}`, () => {
      for (const [i, expected] of sets.entries()) {
        const found = [true, false].map((down) => hex(scanCodes(i + 1, usage, down, plain))).join('/');
        expect(found, `set ${i + 1}`).to.equal(expected);
      }
    });
  }

  const special: readonly [what: string, usage: number, modifiers: number, numLock: boolean, set1: string][] = [
    ['home with num lock', 0x4a, 0, true, 'e0 2a e0 47/e0 c7 e0 aa'],
    ['home with left shift', 0x4a, 0x02, false, 'e0 aa e0 47/e0 c7 e0 2a'],
    ['home with right shift', 0x4a, 0x20, false, 'e0 b6 e0 47/e0 c7 e0 36'],
    ['home with both', 0x4a, 0x02, true, 'e0 47/e0 c7'],
    ['keypad / with shift', 0x54, 0x02, false, 'e0 aa e0 35/e0 b5 e0 2a'],
    ['keypad / with num lock', 0x54, 0, true, 'e0 35/e0 b5'],
    ['print screen with control', 0x46, 0x01, false, 'e0 37/e0 b7'],
    ['print screen with alt', 0x46, 0x04, false, '54/d4'],
    ['pause with control', 0x48, 0x10, false, 'e0 46 e0 c6/'],
  ];
  for (const [what, usage, modifiers, numLock, expected] of special) {
    it(`of ${what}`, () => {
      const found = [true, false].map((down) => hex(scanCodes(1, usage, down, { modifiers, numLock }))).join('/');
      expect(found).to.equal(expected);
    });
  }

  it('tell all keys of a set apart', () => {
    for (const set of [1, 2]) {
      const codes = new Map<string, number>();
      for (let usage = 0; usage < 0xe8; usage++) {
        if (!isKey(usage)) continue;
        const code = hex(scanCodes(set, usage, true, plain));
        // The keys at the right of the quotes: of USB two usages, of a keyboard one place.
        if (usage !== 0x32) expect(codes.get(code), `0x${usage.toString(16)}`).to.equal(undefined);
        codes.set(code, usage);
      }
      expect(codes.size).to.be.greaterThan(110);
    }
  });
});
