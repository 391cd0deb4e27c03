import type { InfoOutput } from '../../dbgf/index.js';
import { address, hex, words } from '../info-text.js';
import { type Controller, channelCount } from './controller.js';

/** By bits 2 and 3, and 6 and 7, of a channel's mode. */
const transfers = ['verify', 'write', 'read', 'illegal'] as const;
const modes = ['demand', 'single', 'block', 'cascade'] as const;

/** The info item `dma`. */
export function showDma(controllers: readonly Controller[], output: InfoOutput): void {
  const data = controllers.map((controller, number) => ({
    command: controller.state.command,
    status: controller.state.status,
    mask: controller.state.mask,
    temporary: controller.state.temporary,
    enabled: controller.isEnabled,
    memoryToMemory: controller.isMemoryToMemory,
    channels: controller.channels.map((channel, i) => ({
      channel: number * channelCount + i,
      transfer: transfers[(channel.state.mode >> 2) & 3] as string,
      mode: modes[channel.state.mode >> 6] as string,
      address: channel.address,
      count: channel.count,
      physical: channel.physical,
      baseAddress: channel.state.baseAddress,
      baseCount: channel.state.baseCount,
      done: channel.position,
      autoInit: channel.isAutoInit,
      decrement: channel.isDown,
      masked: controller.isMasked(i),
      requested: controller.isRequested(i),
      complete: controller.isComplete(i),
    })),
  }));
  for (const [number, { command, status, mask, temporary, enabled, memoryToMemory }] of data.entries()) {
    const registers = Object.entries({ command, status, mask, temporary }).map(
      ([name, byte]) => `${name}=${hex(byte)}`,
    );
    output.line(
      `controller ${number}: ${registers.join(' ')}: ${words({ enabled, 'memory to memory': memoryToMemory })}`,
    );
  }
  output.table([
    ['Channel', 'Mode', 'Transfer', 'Address', 'Count', 'Memory', 'Done', 'Flags'],
    ...data
      .flatMap(({ channels }) => channels)
      .map(({ channel, mode, transfer, address: low, count, physical, done, decrement, autoInit, ...flags }) => [
        channel,
        mode,
        transfer,
        hex(low, 4),
        hex(count, 4),
        address(physical, 8),
        `${done} bytes`,
        words({
          down: decrement,
          'begins anew': autoInit,
          masked: flags.masked,
          requested: flags.requested,
          complete: flags.complete,
        }),
      ]),
  ]);
  output.data({ controllers: data });
}
