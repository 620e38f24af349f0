/** A value in a few words. */
import type { Json } from '../../../core/json.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import { bytes } from '../../format.ts'

const LENGTH = 120

export function preview(value: Json): string {
  const blob = blobIn(value)
  if (blob !== undefined) return `binary, ${bytes(blob.size)}`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text
}

/** What kind of value it is, and how large. */
export function kindOf(value: Json): string {
  const size = bytes(new TextEncoder().encode(JSON.stringify(value)).length)
  const blob = blobIn(value)
  if (blob !== undefined) return `binary content of ${bytes(blob.size)}`
  if (typeof value === 'string') return `text, ${size}`
  if (isJsonList(value)) return `list of ${value.length}, ${size}`
  if (isJsonObject(value)) return `object, ${size}`
  return value === null ? 'null' : typeof value
}

/** The value names content that is kept beside it, by its hash. */
export function blobIn(value: Json): { readonly hash: string; readonly size: number } | undefined {
  if (!isJsonObject(value)) return undefined
  const { $blob: blob } = value
  if (!isJsonObject(blob)) return undefined
  const { hash, size } = blob
  return typeof hash === 'string' && typeof size === 'number' ? { hash, size } : undefined
}
