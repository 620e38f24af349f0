/** Reads the text of web servers in the encoding that they, or their pages, name. */
import { TextDecoder } from 'node:util'

/** Pages name it in their first kilobyte (HTML Standard, 13.2.3.2). */
const NAMED_WITHIN = 1024

const IN_TYPE = /charset\s*=\s*"?([\w.:-]+)/i
const IN_PAGE = /<meta[^>]{1,200}?charset\s*=\s*["']?([\w.:-]+)/i

/** Never throws: what is no text in that encoding shows as such. */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const start = Buffer.from(bytes.subarray(0, NAMED_WITHIN)).toString('latin1')
  const named = IN_TYPE.exec(contentType)?.[1] ?? IN_PAGE.exec(start)?.[1] ?? 'utf-8'
  return decoderOf(named).decode(bytes)
}

function decoderOf(name: string): TextDecoder {
  try {
    return new TextDecoder(name)
  } catch {
    return new TextDecoder()
  }
}
