/** Numbers of the frame format (docs/protocols/frames.md). */

/** Bytes of a frame's length. */
export const LENGTH_BYTES = 4

/** In place of a length: nothing follows. Its absence tells a broken stream from a finished one. */
export const END_MARK = 0xffffffff
