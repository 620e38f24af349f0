/** Reads what a web server answers: unpacked, and no more of it than fits. */
import { pipeline, Readable } from 'node:stream'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { WebAnswer } from '../../../../core/web-request.ts'
import { WebRefusal } from '../../../../core/web-request.ts'

/** What is told to servers. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress
}

export interface Body {
  readonly bytes: Uint8Array
  /** There is more, which was not read. */
  readonly truncated: boolean
}

/**
 * @param most bytes, counted behind the decoder: a few packed ones can be many
 * @throws WebRefusal for an encoding nobody asked for; what the connection or the decoder failed with
 */
export async function readBody({ headers, body }: WebAnswer, most: number): Promise<Body> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of decoded(body, headers['content-encoding'])) {
    chunks.push(chunk)
    size += chunk.length
    // Leaving the loop ends the decoder, and with it the connection.
    if (size > most) break
  }
  return { bytes: Buffer.concat(chunks, Math.min(size, most)), truncated: size > most }
}

function decoded(body: WebAnswer['body'], encoding = 'identity'): AsyncIterable<Uint8Array> {
  const name = encoding.trim().toLowerCase()
  if (name === 'identity' || name === '') return body
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (create === undefined) {
    body.destroy()
    throw new WebRefusal('it is packed in a way that was not asked for')
  }
  const decoder = create()
  // Its errors are those of the decoder, which is read below.
  pipeline(Readable.from(body), decoder, () => {})
  return decoder
}
