/** Numbers of the session protocol (docs/protocols/session.md). */

export const SESSION_PROTOCOL = '/lumos/session/1.0.0'

/** `major.minor`, said in HELLO. */
export const SESSION_VERSION = '1.0'

export const FRAME = {
  hello: 0x01,
  refuse: 0x02,
  open: 0x03,
  data: 0x04,
  error: 0x05,
  cancel: 0x06,
  credit: 0x07,
  ping: 0x08,
  pong: 0x09,
  goAway: 0x0a,
  retire: 0x0b
} as const

/** Flags of OPEN and DATA. */
export const FLAG = {
  /** The frame's bytes complete a message. */
  endMessage: 0x01,
  /** The sender sends nothing more in this call. */
  endCall: 0x02,
  /** OPEN only: the caller takes any number of response messages. */
  many: 0x04
} as const

/** Type, flags, call id. */
export const HEADER_BYTES = 6

/** What a frame costs of a window beside its bytes, so that empty frames are not free. */
export const FRAME_COST = 64

/** In OPEN: the caller set no deadline. */
export const NO_TIMEOUT = 0xffffffff

/** Ids grow by two; a session that has used them up says GOAWAY. */
export const MAX_CALL_ID = 0xfffffff0

/** Longest method name, in bytes. */
export const MAX_METHOD_BYTES = 128
