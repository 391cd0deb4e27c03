/** Commands of the guest. */
export const KeyboardCommand = {
  SET_LEDS: 0xed,
  ECHO: 0xee,
  SCAN_SET: 0xf0,
  IDENTIFY: 0xf2,
  TYPEMATIC: 0xf3,
  ENABLE: 0xf4,
  DISABLE: 0xf5,
  DEFAULTS: 0xf6,
  ALL_TYPEMATIC: 0xf7,
  ALL_MAKE_BREAK: 0xf8,
  ALL_MAKE: 0xf9,
  ALL_TYPEMATIC_MAKE_BREAK: 0xfa,
  KEY_TYPEMATIC: 0xfb,
  KEY_MAKE_BREAK: 0xfc,
  KEY_MAKE: 0xfd,
  RESEND: 0xfe,
  RESET: 0xff,
} as const;

/** Answers of keyboard and mouse. */
export const Answer = { ACK: 0xfa, RESEND: 0xfe, TEST_PASSED: 0xaa, ECHO: 0xee } as const;

/** How keys of set 3 behave: bit 0 they repeat, bit 1 they tell that they are released. */
export const KeyType = { MAKE: 0, TYPEMATIC: 1, MAKE_BREAK: 2, ALL: 3 } as const;

/** The types that commands set. */
export const keyTypes: Readonly<Record<number, number>> = {
  [KeyboardCommand.ALL_TYPEMATIC]: KeyType.TYPEMATIC,
  [KeyboardCommand.ALL_MAKE_BREAK]: KeyType.MAKE_BREAK,
  [KeyboardCommand.ALL_MAKE]: KeyType.MAKE,
  [KeyboardCommand.ALL_TYPEMATIC_MAKE_BREAK]: KeyType.ALL,
  [KeyboardCommand.KEY_TYPEMATIC]: KeyType.TYPEMATIC,
  [KeyboardCommand.KEY_MAKE_BREAK]: KeyType.MAKE_BREAK,
  [KeyboardCommand.KEY_MAKE]: KeyType.MAKE,
};
