/** Tells text from other bytes, and names the kind of a file for whoever receives it. */
import { extname } from 'node:path'
import type { Part } from '../../core/a2a.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.gif': 'image/gif',
  '.gz': 'application/gzip',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.markdown': 'text/markdown',
  '.md': 'text/markdown',
  '.mp3': 'audio/mpeg',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip'
}

/** A text part with the exact text, or base64 when the bytes are no UTF-8 text. */
export function toPart(filename: string, bytes: Uint8Array): Part {
  const known = MEDIA_TYPES[extname(filename).toLowerCase()]
  const text = asText(bytes)
  if (text !== undefined) return { text, filename, mediaType: known ?? 'text/plain' }
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { raw, filename, mediaType: known ?? 'application/octet-stream' }
}

/** The text that `bytes` are in UTF-8; `undefined` for anything else. */
export function asText(bytes: Uint8Array): string | undefined {
  // NUL is valid UTF-8, but no text has one; git calls a file binary by the same rule.
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** `4096` as `4.1 kB`: SI units, as `ls --si` shows them. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 'B'
  for (const next of ['kB', 'MB', 'GB', 'TB', 'PB']) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  const digits = unit !== 'B' && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${unit}`
}
