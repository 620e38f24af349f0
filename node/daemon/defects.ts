/** Tells the two kinds of failure that nobody caught apart: a defect, and a link that broke. */

/** Names and codes of libp2p and Node for "the other side is gone" and "we gave up waiting". */
const BROKEN_LINKS: ReadonlySet<string> = new Set([
  'AbortError',
  'ConnectionClosedError',
  'ConnectionFailedError',
  'MuxerClosedError',
  'StreamAbortedError',
  'StreamClosedError',
  'StreamResetError',
  'StreamStateError',
  'TimeoutError',
  'UnexpectedEOFError',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE'
])

/**
 * Whether a rejection that nobody awaited only says that a link broke. libp2p leaves such promises
 * behind when a peer goes away at the wrong moment; a peer must not be able to end this process.
 */
export function isBrokenLink(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return BROKEN_LINKS.has(error.name) || BROKEN_LINKS.has(code)
}
