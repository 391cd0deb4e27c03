import type { GetStream, PutStream } from '@ssmkit/runtime';
import type { NetworkArrayPairs } from '../classes/network-array-pairs.js';
import { ends } from './ends.js';

const itemsNetworkArrayPairs = ends([384, 256, 8, 8, 8, 8, 8, 8, 8, 4, 4, 4, 1, 1, 1, 1]);

export function putNetworkArrayPairs(s: PutStream, o: NetworkArrayPairs): void {
  const p = s.pos;
  const b = s.bytes;
  const v = s.view;
  b.set(new Uint8Array(o.registers.buffer, o.registers.byteOffset, 384), p);
  b.set(o.eeprom, p + 384);
  v.setUint32(p + 640, o.packetsIn, true);
  v.setUint32(p + 644, o.packetsInHi, true);
  v.setUint32(p + 648, o.packetsOut, true);
  v.setUint32(p + 652, o.packetsOutHi, true);
  v.setUint32(p + 656, o.octetsIn, true);
  v.setUint32(p + 660, o.octetsInHi, true);
  v.setUint32(p + 664, o.octetsOut, true);
  v.setUint32(p + 668, o.octetsOutHi, true);
  v.setUint32(p + 672, o.interruptAt, true);
  v.setUint32(p + 676, o.interruptAtHi, true);
  v.setUint32(p + 680, o.lateAt, true);
  v.setUint32(p + 684, o.lateAtHi, true);
  v.setUint32(p + 688, o.macAddress, true);
  v.setUint32(p + 692, o.macAddressHi, true);
  v.setUint32(p + 696, o.phyControl, true);
  v.setUint32(p + 700, o.phyStatus, true);
  v.setUint32(p + 704, o.interruptsPending, true);
  b[p + 708] = o.ethernet;
  b[p + 709] = o.locked;
  b[p + 710] = o.delayed;
  b[p + 711] = o.cable;
  s.commit(p + 712, itemsNetworkArrayPairs);
}

export function getNetworkArrayPairs(s: GetStream, o: NetworkArrayPairs): void {
  const p = s.take(712);
  const b = s.bytes;
  const v = s.view;
  new Uint8Array(o.registers.buffer, o.registers.byteOffset, 384).set(b.subarray(p, p + 384));
  o.eeprom.set(b.subarray(p + 384, p + 640));
  o.packetsIn = v.getUint32(p + 640, true);
  o.packetsInHi = v.getUint32(p + 644, true);
  o.packetsOut = v.getUint32(p + 648, true);
  o.packetsOutHi = v.getUint32(p + 652, true);
  o.octetsIn = v.getUint32(p + 656, true);
  o.octetsInHi = v.getUint32(p + 660, true);
  o.octetsOut = v.getUint32(p + 664, true);
  o.octetsOutHi = v.getUint32(p + 668, true);
  o.interruptAt = v.getUint32(p + 672, true);
  o.interruptAtHi = v.getUint32(p + 676, true);
  o.lateAt = v.getUint32(p + 680, true);
  o.lateAtHi = v.getUint32(p + 684, true);
  o.macAddress = v.getUint32(p + 688, true);
  o.macAddressHi = v.getUint32(p + 692, true);
  o.phyControl = v.getUint32(p + 696, true);
  o.phyStatus = v.getUint32(p + 700, true);
  o.interruptsPending = v.getUint32(p + 704, true);
  o.ethernet = b[p + 708]!;
  o.locked = b[p + 709]!;
  o.delayed = b[p + 710]!;
  o.cable = b[p + 711]!;
}
