/** What those who measure are told of the calls in sessions, and of the bytes that carry them. */

export interface SessionMeter {
  /** A call of this side is over: `ok`, `left` by its reader, or a code. Milliseconds since it began. */
  made(method: string, outcome: string, tookMs: number): void
  /** A call of the peer is over, likewise; methods that nobody serves are not told by name. */
  served(method: string, outcome: string, tookMs: number): void
  /** A call of the peer was not taken. */
  refused(code: string): void
  received(bytes: number): void
  sent(bytes: number): void
}

export const NO_SESSION_METER: SessionMeter = {
  made() {},
  served() {},
  refused() {},
  received() {},
  sent() {}
}
