/** Flags of a driver's registration (`pdmdrv.h, PDM_DRVREG_FLAGS_*`). */
export const driverFlags = {
  HOST_BITS_32: 0x1,
  HOST_BITS_64: 0x2,
  HOST_BITS_MASK: 0x3,
  HOST_BITS_DEFAULT: 0x2,
  RC: 0x10,
  R0: 0x20,
} as const;

const DRIVER_CLASSES = [
  'MOUSE',
  'KEYBOARD',
  'DISPLAY',
  'NETWORK',
  'BLOCK',
  'MEDIA',
  'MOUNTABLE',
  'AUDIO',
  'VMMDEV',
  'STATUS',
  'ACPI',
  'USB',
  'ISCSITRANSPORT',
  'CHAR',
  'STREAM',
  'SCSI',
  'PCIRAW',
  'GPIO',
] as const;

/** Classes of drivers, a bit each from bit 0 up (`pdmdrv.h, PDM_DRVREG_CLASS_*`). Nobody checks them but USB hubs. */
export const driverClasses = Object.fromEntries(DRIVER_CLASSES.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<(typeof DRIVER_CLASSES)[number], number>
>;

/** Flags of a device's registration (`pdmdev.h, PDM_DEVREG_FLAGS_*`). */
export const deviceFlags = {
  R0: 0x1,
  REQUIRE_R0: 0x2,
  OPT_IN_R0: 0x4,
  RC: 0x10,
  REQUIRE_RC: 0x20,
  OPT_IN_RC: 0x40,
  HOST_BITS_MASK: 0x300,
  HOST_BITS_DEFAULT: 0x200,
  GUEST_BITS_32: 0x1000,
  GUEST_BITS_64: 0x2000,
  GUEST_BITS_MASK: 0x3000,
  GUEST_BITS_DEFAULT: 0x3000,
  /** The device is told of suspending before its drivers are. */
  FIRST_SUSPEND: 0x10000,
  FIRST_POWEROFF: 0x20000,
  FIRST_RESET: 0x40000,
  NEW_STYLE: 0x80000000,
} as const;

/** What a device's flags are where its registration says none. */
export const DEVICE_FLAGS_DEFAULT =
  (deviceFlags.HOST_BITS_DEFAULT | deviceFlags.GUEST_BITS_DEFAULT | deviceFlags.NEW_STYLE) >>> 0;

const DEVICE_CLASSES = [
  'ARCH',
  'ARCH_BIOS',
  'BUS_PCI',
  'PCI_BUILTIN',
  'INPUT',
  'PIC',
  'PIT',
  'RTC',
  'DMA',
  'VMM_DEV',
  'GRAPHICS',
  'STORAGE',
  'NETWORK',
  'AUDIO',
  'BUS_USB',
  'ACPI',
  'SERIAL',
  'PARALLEL',
  'HOST_DEV',
  'GPIO',
] as const;

/**
 * Classes of devices, a bit each (`pdmdev.h, PDM_DEVREG_CLASS_*`). The lowest class of a device says where in the order of
 * creation it comes.
 */
export const deviceClasses = {
  ...Object.fromEntries(DEVICE_CLASSES.map((name, bit) => [name, 1 << bit])),
  MISC: 0x80000000,
} as Readonly<Record<(typeof DEVICE_CLASSES)[number] | 'MISC', number>>;

/** Flags of a USB device's registration (`pdmusb.h, PDM_USBREG_*`). */
export const usbFlags = { HIGHSPEED_CAPABLE: 1, SAVED_STATE_SUPPORTED: 2, SUPERSPEED_CAPABLE: 4 } as const;

/** USB versions that hubs and devices speak (`VUSB_STDVER_*`): bits of a mask. */
export const usbVersions = { USB_1_1: 2, USB_2_0: 4, USB_3_0: 8 } as const;

/** Flags of attaching and detaching (`pdmcommon.h, PDM_TACH_FLAGS_*`). */
export const tachFlags = {
  /** The guest is not to see it as hot-plugged. */
  NOT_HOT_PLUG: 1,
  /** Do not call the owner above: it has failed itself. For the inside of PDM. */
  NO_CALLBACKS: 2,
} as const;
