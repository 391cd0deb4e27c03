/**
 * Two byte streams, to the other side and from it: what a teleport needs of a network.
 *
 * One read and one write at a time, also both at once. Memory is lent until the promise has settled.
 */
export interface Connection {
  /** Reads into the front of `into`; fewer bytes than asked for are fine. @returns their number; 0 only at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Takes all of `data`. */
  write(data: Uint8Array): Promise<void>;
  /** Ends both directions at once; what is waiting fails. Data whose write has settled still gets to the other side. */
  close(): void | Promise<void>;
  /** Who is at the other end, for messages: `192.0.2.1:6000`. */
  readonly peer?: string | undefined;
}
