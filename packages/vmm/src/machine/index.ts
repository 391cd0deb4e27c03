/*
 * A machine: all parts of the VMM put together
 *
 *     const uvm = await createPc({ image: program });
 *     await uvm.powerOn();
 *
 * `createPc` makes a PC of 1981 with an 8086, and RAM below 640 KiB. It is an example of how the parts are plugged in, and
 * enough for programs that bring along what a BIOS would do. Everything about it can be had otherwise through `config`,
 * which is laid over the configuration that it has, and `modules`, which bring devices and drivers of one's own:
 *
 *     /RamSize                               640 KiB and the rest of the first MiB
 *     /Devices/{i8259,i8254,mc146818,8237A,bootrom}/0
 *     /Devices/pckbd/0/LUN#0, LUN#1          MainKeyboard, MainMouse: `keyboardEnd`, `mouseEnd`
 *     /Devices/vga/0/LUN#0                   MainDisplay: `displayEnd`; 256 KiB of video memory
 *     /Devices/serial/0/LUN#0                Char over MemoryStream: `serialEnd` is its other end
 *
 * Saved states have VirtualBox's units for all that VirtualBox has (`ssm info`, `ssm mem`, `ssm screen` read them), and
 * `iem8086` for the CPU, which `ssm dump --units @ssmkit/vmm/units` knows.
 */
export {
  createPc,
  displayEnd,
  keyboardEnd,
  mouseEnd,
  type PcOptions,
  pcConfig,
  pcUnits,
  serialEnd,
} from './pc.js';
