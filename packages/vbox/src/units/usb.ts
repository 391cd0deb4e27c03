import type { Catalog } from '../catalog.js';
import { Ehci } from './usb/ehci.js';
import { Ohci } from './usb/ohci.js';
import { Xhci } from './usb/xhci.js';
import './usb/ehci.ssm.js';
import './usb/ohci.ssm.js';
import './usb/xhci.ssm.js';

/** The units of USB controllers. */
export function usbUnits(catalog: Catalog): void {
  catalog
    .define({
      name: 'usb-ohci',
      versions: [4, 5, 6],
      pass: 'final',
      target: Ohci,
      prepare: (ohci, { size }) => {
        ohci.unitBytes = size;
      },
    })
    .define({ name: 'usb-ehci', versions: [7], pass: 'final', target: Ehci })
    .explain('usb-ehci', [5, 6], 'only its newest layout is described')
    .define({ name: 'usb-xhci', versions: [1], pass: 'final', target: Xhci });
}
