/** Who writes: one incarnation of one author in one space, so that numbers are never used twice. */
import { hash } from 'node:crypto'
import type { Random } from '../../core/random.ts'
import { ID_BYTES } from './record.ts'
import type { AuthorKey, MemoryId } from './record.ts'

/** What the id of a writer is the hash of. It goes with the records, and proves itself. */
export interface WriterName {
  readonly author: AuthorKey
  /** Drawn anew for each incarnation: 16 bytes in hex. */
  readonly nonce: string
}

const NONCE_BYTES = 16
const DOMAIN = 'lumos/writer/1'

/** The id under which `name` writes in `space`. */
export function writerId(space: MemoryId, { author, nonce }: WriterName): MemoryId {
  const bytes = Buffer.concat([
    Buffer.from(DOMAIN),
    Buffer.from(space, 'hex'),
    Buffer.from(author, 'hex'),
    Buffer.from(nonce, 'hex')
  ])
  return hash('sha256', bytes, 'hex').slice(0, 2 * ID_BYTES)
}

export function newWriter(author: AuthorKey, random: Random): WriterName {
  return { author, nonce: Buffer.from(random.bytes(NONCE_BYTES)).toString('hex') }
}
