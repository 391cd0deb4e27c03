import { expect } from 'chai';
import fc from 'fast-check';
import { isSamePage, isZeroPage } from './page-bytes.js';
import { PAGE_SIZE } from './records.js';

/** A page of zeros but for one byte, wherever it lies in memory. */
const pages = fc.tuple(fc.nat(8), fc.nat(PAGE_SIZE - 1), fc.constantFrom(0, 1, 0x80)).map(([offset, at, byte]) => {
  const page = new Uint8Array(PAGE_SIZE + 8).subarray(offset, offset + PAGE_SIZE);
  page[at] = byte;
  return page;
});

describe('the bytes of a page', () => {
  it('are all zero, or one is not', () => {
    fc.assert(
      fc.property(pages, (page) => {
        expect(isZeroPage(page)).to.equal(page.every((byte) => byte === 0));
      }),
    );
  });

  it('are those of another page, or one is not', () => {
    fc.assert(
      fc.property(pages, pages, (a, b) => {
        expect(isSamePage(a, b)).to.equal(Buffer.compare(a, b) === 0);
        expect(isSamePage(a, Uint8Array.from(a))).to.equal(true);
      }),
    );
  });
});
