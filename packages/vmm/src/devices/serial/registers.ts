// Registers of the 8250 family and their bits (National Semiconductor PC16550D, tables II and III; TI TL16C750).

/** Ports from the base on. With DLAB set the first two are the divisor's bytes. */
export const Register = { DATA: 0, IER: 1, IIR_FCR: 2, LCR: 3, MCR: 4, LSR: 5, MSR: 6, SCR: 7 } as const;

export const PORTS = 8;

/** Interrupt enable: which sources may interrupt. */
export const Ier = { RECEIVED: 0x01, TRANSMIT: 0x02, LINE: 0x04, MODEM: 0x08, ALL: 0x0f } as const;

/** Interrupt identification, the highest priority first; bit 0 clear means that one is pending. */
export const Iir = {
  LINE: 0x06,
  RECEIVED: 0x04,
  TIMEOUT: 0x0c,
  TRANSMIT: 0x02,
  MODEM: 0x00,
  NONE: 0x01,
  SOURCE: 0x0f,
  FIFO_64: 0x20,
  FIFOS: 0xc0,
} as const;

/** FIFO control. The resets clear themselves. */
export const Fcr = {
  ENABLE: 0x01,
  RESET_RECEIVE: 0x02,
  RESET_TRANSMIT: 0x04,
  DMA: 0x08,
  /** 64 bytes; of a 16750 only, and only written while DLAB is set. */
  FIFO_64: 0x20,
  /** Shift of the two bits that choose the trigger level. */
  TRIGGER: 6,
} as const;

/** Line control. Bits 0 and 1: data bits less 5. */
export const Lcr = { STOP: 0x04, PARITY: 0x08, EVEN: 0x10, STICK: 0x20, BREAK: 0x40, DLAB: 0x80 } as const;

/** Modem control. On a PC, OUT2 lets the interrupt through. */
export const Mcr = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, LOOP: 0x10, ALL: 0x1f } as const;

/** Line status. */
export const Lsr = {
  DATA_READY: 0x01,
  OVERRUN: 0x02,
  PARITY: 0x04,
  FRAMING: 0x08,
  BREAK: 0x10,
  /** What interrupts, and is cleared by being read. */
  ERRORS: 0x1e,
  /** The transmitter's holding register, or its FIFO, is empty. */
  HOLDING_EMPTY: 0x20,
  /** The shift register is, too. */
  EMPTY: 0x40,
  /** Of a byte that is in the FIFO. */
  FIFO_ERROR: 0x80,
} as const;

/** Modem status. Bits 0…3: what has changed since it was read. */
export const Msr = {
  DELTA_CTS: 0x01,
  DELTA_DSR: 0x02,
  /** The bell has stopped ringing. */
  TRAILING_RI: 0x04,
  DELTA_DCD: 0x08,
  DELTAS: 0x0f,
  CTS: 0x10,
  DSR: 0x20,
  RI: 0x40,
  DCD: 0x80,
  LINES: 0xf0,
} as const;

/** A chip of the family. */
export interface UartType {
  readonly name: string;
  /** In the unit. Seen in states of 7.2: 2 for the default chip; the others are inferred from the order. */
  readonly number: number;
  /** Bytes of a FIFO; 0: it has none. */
  readonly fifo: 0 | 16 | 64;
}

export const uartTypes: readonly UartType[] = [
  { name: '16450', number: 1, fifo: 0 },
  { name: '16550A', number: 2, fifo: 16 },
  { name: '16750', number: 3, fifo: 64 },
];

/** Bytes in the receiver's FIFO that interrupt, by the bits of FCR. */
export const receiveTriggers = {
  16: [1, 4, 8, 14],
  64: [1, 16, 32, 56],
} as const satisfies Readonly<Record<16 | 64, readonly number[]>>;
