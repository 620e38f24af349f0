/** Gives records vectors that carry none, when the node has something that makes them. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { IndexDocument } from './document.ts'
import type { IndexChange } from './space-index.ts'
import type { UnitVector } from './vector-table.ts'
import { unitVector } from './vector-table.ts'

/** Makes vectors of texts, as a language model does. */
export interface Embedder {
  /** Its model: with another one, all vectors are made anew. */
  readonly name: string
  /** One vector for each text, in their order. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>
}

export interface EmbeddingComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly embedder: Embedder | undefined
}

/** Of one space. */
export interface EmbeddedChanges {
  /** Without vectors where none could be made: words find the record until it is tried again. */
  complete(changes: readonly IndexChange[], signal: AbortSignal): Promise<readonly IndexChange[]>
  /** Keys that should have had a vector, at most `limit`; they are then forgotten. */
  takeFailed(limit: number): readonly string[]
}

export function createEmbeddedChanges({
  clock,
  logger,
  embedder
}: EmbeddingComponents): EmbeddedChanges {
  const failed = new Set<string>()

  async function vectorsOf(
    texts: readonly string[],
    signal: AbortSignal
  ): Promise<readonly (UnitVector | undefined)[]> {
    if (embedder === undefined || texts.length === 0) return []
    const within = AbortSignal.any([signal, clock.timeout(LIMITS.embedTimeout.value)])
    try {
      return (await embedder.embed(texts, within)).map(unitVector)
    } catch (error) {
      signal.throwIfAborted()
      const { code } = toLumosError(error)
      logger.warn('no vectors could be made for records', { records: texts.length, code })
      return []
    }
  }

  return {
    async complete(changes, signal) {
      const wanting = changes.flatMap(({ key, document }) =>
        embedder === undefined || !isWanting(document) ? [] : [{ key, text: document.text }]
      )
      const texts = wanting.map(({ text }) => text.slice(0, LIMITS.embedCharacters.value))
      const made = await vectorsOf(texts, signal)
      const vectors = new Map(wanting.map(({ key }, at) => [key, made[at]]))
      for (const [key, vector] of vectors) {
        if (vector === undefined && failed.size < LIMITS.embedRetries.value) failed.add(key)
      }
      return changes.map((change) => withVector(change, vectors.get(change.key)))
    },
    takeFailed(limit) {
      const keys = [...failed].slice(0, limit)
      for (const key of keys) failed.delete(key)
      return keys
    }
  }
}

function isWanting(document: IndexDocument | undefined): document is IndexDocument {
  return document !== undefined && document.vector === undefined && document.text !== ''
}

function withVector(change: IndexChange, vector: UnitVector | undefined): IndexChange {
  const { document } = change
  if (document === undefined || vector === undefined) return change
  return { ...change, document: { ...document, vector } }
}
