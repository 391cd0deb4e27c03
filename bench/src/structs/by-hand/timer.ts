import type { GetStream, PutStream } from '@ssmkit/runtime';
import type { Timer } from '../classes/timer.js';
import { ends } from './ends.js';

const itemsTimer = ends([4, 4, 2, 1, 1, 1, 1, 8, 8, 2, 2, 4, 4, 4, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4]);

export function putTimer(s: PutStream, o: Timer): void {
  const p = s.pos;
  const b = s.bytes;
  const v = s.view;
  v.setUint32(p + 0, o.counter, true);
  v.setUint32(p + 4, o.reload, true);
  v.setUint16(p + 8, o.latch, true);
  b[p + 10] = o.mode;
  b[p + 11] = o.status;
  b[p + 12] = o.readState;
  b[p + 13] = o.writeState;
  v.setBigUint64(p + 14, o.nextTs, true);
  v.setBigUint64(p + 22, o.loadTs, true);
  v.setUint16(p + 30, o.irq, true);
  v.setUint16(p + 32, o.port, true);
  v.setUint32(p + 34, o.control, true);
  v.setUint32(p + 38, o.interruptStatus, true);
  v.setUint32(p + 42, o.interruptMask, true);
  b[p + 46] = o.gate;
  b[p + 47] = o.speaker;
  b[p + 48] = o.bcd;
  b[p + 49] = o.flags;
  v.setUint16(p + 50, o.divisor, true);
  v.setUint16(p + 52, o.tone, true);
  v.setUint16(p + 54, o.dummyRefresh, true);
  v.setUint16(p + 56, o.config, true);
  v.setUint32(p + 58, o.frequency, true);
  v.setUint32(p + 62, o.ticks, true);
  s.commit(p + 66, itemsTimer);
}

export function getTimer(s: GetStream, o: Timer): void {
  const p = s.take(66);
  const b = s.bytes;
  const v = s.view;
  o.counter = v.getUint32(p + 0, true);
  o.reload = v.getUint32(p + 4, true);
  o.latch = v.getUint16(p + 8, true);
  o.mode = b[p + 10]!;
  o.status = b[p + 11]!;
  o.readState = b[p + 12]!;
  o.writeState = b[p + 13]!;
  o.nextTs = v.getBigUint64(p + 14, true);
  o.loadTs = v.getBigUint64(p + 22, true);
  o.irq = v.getUint16(p + 30, true);
  o.port = v.getUint16(p + 32, true);
  o.control = v.getUint32(p + 34, true);
  o.interruptStatus = v.getUint32(p + 38, true);
  o.interruptMask = v.getUint32(p + 42, true);
  o.gate = b[p + 46]!;
  o.speaker = b[p + 47]!;
  o.bcd = b[p + 48]!;
  o.flags = b[p + 49]!;
  o.divisor = v.getUint16(p + 50, true);
  o.tone = v.getUint16(p + 52, true);
  o.dummyRefresh = v.getUint16(p + 54, true);
  o.config = v.getUint16(p + 56, true);
  o.frequency = v.getUint32(p + 58, true);
  o.ticks = v.getUint32(p + 62, true);
}
