/*
 * Devices in people's words
 *
 * By the names that VirtualBox gives them in a state; what they are is what its manual calls them.
 */

/** What a device is. */
export interface DeviceName {
  readonly what: string;
  /** What it is there for: those of `system` every machine has, or has by its chipset. */
  readonly kind: 'system' | 'storage' | 'network' | 'audio' | 'usb' | 'port' | 'graphics' | 'other';
}

const system = (what: string): DeviceName => ({ what, kind: 'system' });
const storage = (what: string): DeviceName => ({ what, kind: 'storage' });
const network = (what: string): DeviceName => ({ what, kind: 'network' });
const audio = (what: string): DeviceName => ({ what, kind: 'audio' });
const usb = (what: string): DeviceName => ({ what, kind: 'usb' });
const port = (what: string): DeviceName => ({ what, kind: 'port' });
const other = (what: string): DeviceName => ({ what, kind: 'other' });

const names: Readonly<Record<string, DeviceName>> = {
  pcarch: system('PC architecture'),
  pcbios: system('BIOS'),
  efi: system('EFI firmware'),
  pci: system('PCI bus (PIIX3)'),
  pcibridge: system('PCI bridge (PIIX3)'),
  ich9pci: system('PCI bus (ICH9)'),
  ich9pcibridge: system('PCI bridge (ICH9)'),
  pckbd: system('PS/2 keyboard and mouse'),
  apic: system('local APICs'),
  i8259: system('interrupt controllers (PIC)'),
  ioapic: system('I/O APIC'),
  hpet: system('high precision event timer (HPET)'),
  i8254: system('interval timer (PIT)'),
  mc146818: system('clock and CMOS memory (RTC)'),
  '8237A': system('DMA controllers'),
  acpi: system('ACPI'),
  smc: system('system management controller'),
  lpc: system('LPC bridge'),
  VMMDev: other('device of Guest Additions'),
  GIMDev: other('paravirtualization'),
  'pci-generic-ecam': system('PCI bus (ECAM)'),
  iommu: system('IOMMU'),
  'iommu-amd': system('AMD IOMMU'),
  'iommu-intel': system('Intel IOMMU'),
  tpm: other('TPM'),
  'tpm-ppi': other('TPM physical presence'),
  vga: { what: 'graphics adapter', kind: 'graphics' },
  piix3ide: storage('IDE controller'),
  ahci: storage('SATA controller (AHCI)'),
  buslogic: storage('SCSI controller (BusLogic)'),
  lsilogicscsi: storage('SCSI controller (LSI Logic)'),
  lsilogicsas: storage('SAS controller (LSI Logic)'),
  nvme: storage('NVMe controller'),
  'virtio-scsi': storage('virtio SCSI controller'),
  i82078: storage('floppy controller'),
  Msd: storage('USB disk'),
  NvmeUsb: storage('USB disk'),
  pcnet: network('network adapter (PCnet)'),
  e1000: network('network adapter (Intel PRO/1000)'),
  'virtio-net': network('network adapter (virtio)'),
  dp8390: network('network adapter (NE1000, NE2000, WD80x3, 3C503)'),
  '3c501': network('network adapter (3C501)'),
  ichac97: audio('audio (ICH AC97)'),
  hda: audio('audio (Intel HD)'),
  sb16: audio('audio (Sound Blaster 16)'),
  'usb-ohci': usb('USB 1.1 controller (OHCI)'),
  'usb-ehci': usb('USB 2.0 controller (EHCI)'),
  'usb-xhci': usb('USB 3.0 controller (xHCI)'),
  HidKeyboard: usb('USB keyboard'),
  HidMouse: usb('USB mouse or tablet'),
  Webcam: usb('webcam'),
  serial: port('serial port'),
  parallel: port('parallel port'),
};

/** What a device is; by its own name where that is not known. */
export function deviceName(name: string): DeviceName {
  return (Object.hasOwn(names, name) ? names[name] : undefined) ?? { what: name, kind: 'other' };
}
