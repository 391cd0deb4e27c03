import type { VmmDev } from '@ssmkit/vbox';
import type { InfoOutput } from '../../dbgf/index.js';
import { address } from '../info-text.js';

/** Major << 24, minor << 16, build; nothing before it was told. */
function versionText(version: number): string | undefined {
  return version === 0 ? undefined : `${version >>> 24}.${(version >>> 16) & 0xff}.${version & 0xffff}`;
}

/** The info item `vmmdev`. */
export function showVmmDev(state: VmmDev, output: InfoOutput): void {
  const { additionsVersion, additionsRevision, additionsFeatures, additionsName: name } = state;
  const version = versionText(additionsVersion);
  const { interfaceVersion, osType, guestCapabilities, guestFilterMask, hostEvents, mouseCapabilities } = state;
  const { heartbeatActive, flatlined, lastHeartbeat } = state;
  const mouse = { x: state.mouseX, y: state.mouseY, capabilities: mouseCapabilities };
  const facilities = state.facilities.map(({ facility, status, flags, time }) => {
    return { facility, status, flags, time: String(time) };
  });
  const interfaceText = `${interfaceVersion >>> 16}.${interfaceVersion & 0xffff}`;
  output.line(
    version === undefined
      ? 'Guest Additions: none'
      : `Guest Additions: ${version} r${additionsRevision} ${name}, interface ${interfaceText}`,
  );
  output.line(`guest: OS ${address(osType)}, capabilities ${address(guestCapabilities)}`);
  output.line(`events: ${address(hostEvents)} pending, ${address(guestFilterMask)} wanted`);
  output.line(`mouse: ${mouse.x}, ${mouse.y}, capabilities ${address(mouseCapabilities)}`);
  const heart = flatlined ? 'flatlined' : heartbeatActive ? 'beats' : 'not watched';
  output.line(`heartbeat: ${heart}, last ${lastHeartbeat} ns; calls in progress: ${state.commands.length}`);
  output.table([
    ['Facility', 'Status', 'Flags', 'Since'],
    ...facilities.map(({ facility, status, flags, time }) => [facility, status, address(flags), time]),
  ]);
  output.data({
    additions: {
      ...(version !== undefined && { version, revision: additionsRevision, features: additionsFeatures, name }),
      interfaceVersion,
    },
    ...{ osType, guestCapabilities, guestFilterMask, hostEvents, mouse },
    heartbeat: { active: heartbeatActive, flatlined, last: String(lastHeartbeat) },
    calls: state.commands.length,
    facilities,
  });
}
