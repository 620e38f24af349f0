/** How a record names blobs: `{"$blob": {"hash": …, "size": …}}`, anywhere in its JSON value. */
import type { BlobHash } from '../../core/blob.ts'
import { isBlobHash } from '../../core/blob.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { decodeValue } from '../json-value.ts'

export interface BlobName {
  readonly hash: BlobHash
  /** Bytes. */
  readonly size: number
}

const FIELD = '$blob'
const MARK = Buffer.from(`"${FIELD}"`)

/** What a value holds in place of the content. */
export function nameBlob({ hash, size }: BlobName): JsonObject {
  return { [FIELD]: { hash, size } }
}

/** `undefined` when `value` names none itself; its parts may. */
export function readBlobName(value: Json | undefined): BlobName | undefined {
  const name = isJsonObject(value) ? value[FIELD] : undefined
  if (!isJsonObject(name)) return undefined
  const { hash, size } = name
  if (typeof hash !== 'string' || !isBlobHash(hash)) return undefined
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0
    ? { hash, size }
    : undefined
}

/** The blobs that the value of a record keeps: the first `blobsPerValue` of them. */
export function blobsNamedIn(value: Uint8Array): readonly BlobHash[] {
  // Nearly no value names any: most are told by a look at their bytes.
  if (!Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(MARK)) return []
  const found = new Set<BlobHash>()
  gather(decodeValue(value), found)
  return [...found].slice(0, LIMITS.blobsPerValue.value)
}

function gather(value: Json | undefined, found: Set<BlobHash>): void {
  const name = readBlobName(value)
  if (name !== undefined) found.add(name.hash)
  if (isJsonObject(value)) for (const item of Object.values(value)) gather(item, found)
  else if (isList(value)) for (const item of value) gather(item, found)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
