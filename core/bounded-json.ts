/**
 * JSON from a peer, measured before it is parsed: 8 MB of brackets make V8 stand still for seconds and hold
 * hundreds of megabytes, whatever is found wrong with the result.
 */
import { LIMITS } from './limits.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])

const decoder = new TextDecoder('utf-8', { fatal: true })

/** @throws SyntaxError, TypeError for what is no UTF-8, RangeError above `jsonDepth` or `jsonNodes` */
export function parseBoundedJson(bytes: Uint8Array): unknown {
  measure(bytes)
  return JSON.parse(decoder.decode(bytes))
}

/** Counts by brackets and commas alone, so that it may take broken JSON for good: the parser will not. */
function measure(bytes: Uint8Array): void {
  let depth = 0
  let values = 1
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) {
      at = endOfString(bytes, at)
    } else if (byte === COMMA) {
      values += 1
    } else if (OPENING.has(byte)) {
      values += 1
      depth += 1
    } else if (CLOSING.has(byte)) {
      depth -= 1
    }
    if (depth > LIMITS.jsonDepth.value || values > 2 * LIMITS.jsonNodes.value) {
      const { jsonDepth, jsonNodes } = LIMITS
      throw new RangeError(
        `it nests deeper than ${jsonDepth.value} or has over ${jsonNodes.value} values`
      )
    }
  }
}

/** Where the string that begins at `start` ends. Long ones are passed over natively. */
function endOfString(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1)
  while (end >= 0 && isEscaped(bytes, end)) end = bytes.indexOf(QUOTE, end + 1)
  return end < 0 ? bytes.length : end
}

function isEscaped(bytes: Uint8Array, at: number): boolean {
  let slashes = 0
  while (bytes[at - 1 - slashes] === BACKSLASH) slashes += 1
  return slashes % 2 === 1
}
