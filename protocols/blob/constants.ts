/** Names and numbers of the blob protocol (docs/protocols/blob.md). */

export const BLOB_PROTOCOL = '/lumos/blob/1.0.0'

/** First byte of the answer; only after `here` does anything follow. */
export const ANSWERS = ['here', 'absent', 'busy'] as const

export type Answer = (typeof ANSWERS)[number]
