/** What of a record is searched: its words, and the vector that stands for its meaning. */
import { isJsonObject } from '../../core/json.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { decodeValue } from '../json-value.ts'
import type { UnitVector } from './vector-table.ts'
import { unitVector } from './vector-table.ts'

export interface IndexDocument {
  readonly text: string
  readonly vector?: UnitVector
}

/**
 * All texts and numbers inside a value, and its `embedding`: numbers, or their bytes as 32-bit
 * little-endian floats in base64 (docs/memory.md, "Search").
 */
export function documentOf(value: Uint8Array): IndexDocument {
  const json = decodeValue(value)
  if (!isJsonObject(json)) return { text: textOf(json) }
  const { embedding, ...rest } = json
  const vector = vectorOf(embedding)
  // What is called so and is none is text like any other.
  return vector === undefined ? { text: textOf(json) } : { text: textOf(rest), vector }
}

/** `undefined` when it is no direction in a space that this node can search. */
function vectorOf(embedding: Json | undefined): UnitVector | undefined {
  if (typeof embedding === 'string') return fromBase64(embedding)
  if (!Array.isArray(embedding) || !isFitting(embedding.length)) return undefined
  return embedding.every((value) => typeof value === 'number') ? unitVector(embedding) : undefined
}

function fromBase64(text: string): UnitVector | undefined {
  const bytes = Buffer.from(text, 'base64')
  const { BYTES_PER_ELEMENT: width } = Float32Array
  // Few texts are base64 by chance, and even fewer name whole floats.
  if (bytes.length % width !== 0 || bytes.toString('base64') !== text) return undefined
  const length = bytes.length / width
  if (!isFitting(length)) return undefined
  return unitVector(Array.from({ length }, (_, at) => bytes.readFloatLE(at * width)))
}

/** One number points nowhere, and a word of eight letters is base64, too. */
const FEWEST_DIMENSIONS = 8

function isFitting(dimensions: number): boolean {
  return dimensions >= FEWEST_DIMENSIONS && dimensions <= LIMITS.searchDimensions.value
}

function textOf(value: Json | undefined): string {
  const texts: string[] = []
  gather(value, texts)
  return texts.join('\n')
}

function gather(value: Json | undefined, texts: string[]): void {
  if (typeof value === 'string') texts.push(value)
  else if (typeof value === 'number') texts.push(String(value))
  else if (isJsonObject(value)) for (const item of Object.values(value)) gather(item, texts)
  else if (isList(value)) for (const item of value) gather(item, texts)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
