/**
 * How long one side of a teleport waits for the other, in milliseconds; `Infinity` for as long as it takes.
 *
 * VirtualBox has no limits within the conversation: a side whose peer falls silent waits for ever.
 */
export interface TeleportTimeouts {
  /** Source: each answer. Target: each command. Default 30 s. */
  readonly answer: number;
  /** Target: the password, from the welcome on. Nobody else is heard meanwhile. Default 10 s. */
  readonly password: number;
  /** Both: how long the stream may stand still. Default two minutes. */
  readonly stream: number;
  /** Source: from the end of the stream until the target has loaded it. Default five minutes. */
  readonly loadComplete: number;
  /** Target: how long it reads on after it has refused, so that the source gets to know why. Default 2 s. */
  readonly linger: number;
}

export const defaultTimeouts: TeleportTimeouts = {
  answer: 30_000,
  password: 10_000,
  stream: 120_000,
  loadComplete: 300_000,
  linger: 2_000,
};
