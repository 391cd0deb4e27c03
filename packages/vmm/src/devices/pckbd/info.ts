import type { Ps2Controller, Ps2Keyboard, Ps2Mouse } from '@ssmkit/vbox';
import type { InfoOutput } from '../../dbgf/index.js';
import { bytes, hex, words } from '../info-text.js';
import { ControllerMode, ControllerStatus } from './controller.js';
import { delayTime, Led, repeatTime } from './keyboard.js';
import { Mode } from './mouse.js';
import { Protocol, Status } from './mouse-report.js';

const protocols: Readonly<Record<number, string>> = {
  [Protocol.PS2]: 'PS/2',
  [Protocol.WHEEL]: 'wheel',
  [Protocol.FIVE_BUTTONS]: 'five buttons',
};

const MS = 1_000_000;

const controllerOf = ({ status, mode, outputBuffer, writeCommand }: Ps2Controller, a20: boolean) => ({
  ...{ status, mode, outputBuffer, writeCommand, a20 },
  full: (status & ControllerStatus.OUTPUT_FULL) !== 0,
  fromMouse: (status & ControllerStatus.FROM_MOUSE) !== 0,
  keyboardOff: (mode & ControllerMode.KEYBOARD_OFF) !== 0,
  mouseOff: (mode & ControllerMode.MOUSE_OFF) !== 0,
  translates: (mode & ControllerMode.TRANSLATE) !== 0,
  keyboardIrq: (mode & ControllerMode.KEYBOARD_IRQ) !== 0,
  mouseIrq: (mode & ControllerMode.MOUSE_IRQ) !== 0,
});

const keyboardOf = ({ scanSet, scanning, leds, typematicConfig, currentCommand, ...state }: Ps2Keyboard) => ({
  ...{ scanSet, scanning, currentCommand },
  leds: { scroll: (leds & Led.SCROLL) !== 0, num: (leds & Led.NUM) !== 0, caps: (leds & Led.CAPS) !== 0 },
  /** Milliseconds before a key repeats, and from one time to the next. */
  typematic: { delay: delayTime(typematicConfig) / MS, period: repeatTime(typematicConfig) / MS },
  /** HID codes. */
  pressed: [...state.pressed],
  answers: [...state.commandQueue.bytes],
  keystrokes: [...state.keystrokeQueue.bytes],
});

const mouseOf = ({ state: status, sampleRate, resolution, mode, protocol, currentCommand, ...state }: Ps2Mouse) => ({
  ...{ protocol: protocols[protocol] ?? String(protocol), sampleRate, resolution, currentCommand },
  enabled: (status & Status.ENABLED) !== 0,
  remote: (status & Status.REMOTE) !== 0,
  scaling: (status & Status.SCALING) !== 0,
  wrap: mode === Mode.WRAP,
  buttons: {
    left: (status & Status.LEFT) !== 0,
    right: (status & Status.RIGHT) !== 0,
    middle: (status & Status.MIDDLE) !== 0,
    fourth: (status & Status.BUTTON_4) !== 0,
    fifth: (status & Status.BUTTON_5) !== 0,
  },
  answers: [...state.commandQueue.bytes],
  reports: [...state.eventQueue.bytes],
});

const queue = (values: readonly number[]) => bytes(values) || 'none';

/** The info item `pckbd`: the controller, the keyboard, the mouse. */
export function showPckbd(
  parts: { readonly controller: Ps2Controller; readonly keyboard: Ps2Keyboard; readonly mouse: Ps2Mouse },
  a20: boolean,
  output: InfoOutput,
): void {
  const controller = controllerOf(parts.controller, a20);
  const keyboard = keyboardOf(parts.keyboard);
  const mouse = mouseOf(parts.mouse);
  const { status, mode, outputBuffer, writeCommand } = controller;
  output.line(
    `controller: status=${hex(status)} mode=${hex(mode)} output=${hex(outputBuffer)} command=${hex(writeCommand)}: ` +
      words({
        [controller.fromMouse ? 'full, from the mouse' : 'full']: controller.full,
        'keyboard off': controller.keyboardOff,
        'mouse off': controller.mouseOff,
        'keyboard interrupts': controller.keyboardIrq,
        'mouse interrupts': controller.mouseIrq,
        translates: controller.translates,
        A20: a20,
      }),
  );
  const { delay, period } = keyboard.typematic;
  output.line(
    `keyboard: scan set ${keyboard.scanSet}, ${keyboard.scanning ? 'scans' : 'does not scan'}, lights: ${words(keyboard.leds)}, ` +
      `repeats after ${delay} ms every ${period.toFixed(1)} ms`,
  );
  output.line(
    `  down: ${queue(keyboard.pressed)}; answers: ${queue(keyboard.answers)}; keystrokes: ${queue(keyboard.keystrokes)}`,
  );
  const { enabled, remote, scaling, wrap } = mouse;
  output.line(
    `mouse: ${mouse.protocol}, ${mouse.sampleRate} reports/s, resolution ${mouse.resolution}, ` +
      `modes: ${words({ enabled, remote, scaling, wrap })}, buttons: ${words(mouse.buttons)}`,
  );
  output.line(`  answers: ${queue(mouse.answers)}; reports: ${queue(mouse.reports)}`);
  output.data({ controller, keyboard, mouse });
}
