/** Where texts of cards point, as an embedding model sees them: made when they are first asked for, and kept on disk. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { prefixRange } from '../../storage/store.ts'
import type { Operation, Store } from '../../storage/store.ts'

/** Of length 1, so that the product of two is the cosine of their angle. */
export type UnitVector = Float32Array

/** Makes vectors of texts. What it needs for that (a key, an address) stays with it. */
export interface TextEmbedder {
  /** Its model: with another one, all vectors are made anew. */
  readonly name: string
  /** One vector for each text, in their order. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>
}

export interface CardVectorsComponents {
  readonly embedder: TextEmbedder
  /** There between start and stop. */
  readonly store: () => Pick<Store, 'iterate' | 'commit'>
  readonly clock: Pick<Clock, 'monotonic' | 'timeout'>
  readonly logger: Logger
}

export interface CardVectors extends Component {
  /**
   * The vectors of those `texts` that have one, and of `question` if it can be had. Waits for the model, but
   * never longer than `findEmbedding`, and not at all while it fails; what is missing then is made meanwhile.
   */
  of(
    texts: readonly string[],
    question: string,
    signal?: AbortSignal
  ): Promise<{
    readonly question: UnitVector | undefined
    readonly vector: (text: string) => UnitVector | undefined
  }>
}

/** A model that failed is left alone for so long, and one that is late until it has answered. */
export const REST_MS = 30_000
/** Texts of one request: providers take some hundred at least. */
const BATCH = 64
const QUESTIONS = 256
const ROOT = 'cards/vector/'

export function createCardVectors(components: CardVectorsComponents): CardVectors {
  return new KeptVectors(components)
}

class KeptVectors implements CardVectors {
  readonly #parts: CardVectorsComponents
  readonly #root: string
  /** By the hash of their text; those made longest ago first. */
  readonly #vectors = new Map<string, UnitVector>()
  readonly #questions = new Map<string, UnitVector>()
  /** By the hash of their text, until their vectors are made. */
  readonly #wanting = new Map<string, string>()
  /** Questions that the model has now, each until `embedTimeout` at most. */
  readonly #asking = new Map<string, Promise<void>>()
  #loaded: Promise<void> | undefined
  #filling: Promise<void> | undefined
  #restUntil = -Infinity
  #stopping: AbortController | undefined

  constructor(parts: CardVectorsComponents) {
    this.#parts = parts
    this.#root = `${ROOT}${hashOf(parts.embedder.name)}/`
  }

  async start(): Promise<void> {
    this.#stopping ??= new AbortController()
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new LumosError('SHUTTING_DOWN'))
    this.#stopping = undefined
    await this.#filling
  }

  async of(texts: readonly string[], question: string, signal?: AbortSignal) {
    const stopping = this.#stopping?.signal
    const text = question.slice(0, LIMITS.embedCharacters.value)
    if (stopping !== undefined && !this.#isResting) {
      const late = this.#parts.clock.timeout(LIMITS.findEmbedding.value)
      const within = AbortSignal.any([late, stopping, ...(signal ? [signal] : [])])
      const work = Promise.all([this.#ask(text, stopping), this.#complete(texts, stopping)])
      await unlessAborted(work, within).catch(() => undefined)
      signal?.throwIfAborted()
      if (late.aborted && !this.#questions.has(text)) this.#rest('it takes too long')
    }
    return {
      question: this.#questions.get(text),
      vector: (card: string) => this.#vectors.get(hashOf(card))
    }
  }

  get #isResting(): boolean {
    return this.#parts.clock.monotonic() < this.#restUntil
  }

  #rest(reason: string): void {
    if (this.#isResting) return
    this.#restUntil = this.#parts.clock.monotonic() + REST_MS
    const { embedder, logger } = this.#parts
    logger.debug('agents are found by words alone', { model: embedder.name, reason })
  }

  #ask(question: string, stopping: AbortSignal): Promise<void> {
    const under = this.#asking.get(question)
    if (under !== undefined) return under
    const asking = this.#askAnew(question, stopping).finally(() => this.#asking.delete(question))
    this.#asking.set(question, asking)
    return asking
  }

  async #askAnew(question: string, stopping: AbortSignal): Promise<void> {
    if (this.#questions.has(question)) return
    const [vector] = await this.#embed([question], stopping)
    if (vector !== undefined) put(this.#questions, question, { vector, most: QUESTIONS })
  }

  /** One at a time: whoever comes meanwhile adds to what is wanting. */
  async #complete(texts: readonly string[], stopping: AbortSignal): Promise<void> {
    await (this.#loaded ??= this.#load())
    for (const text of texts) {
      if (this.#wanting.size >= LIMITS.cardVectors.value) break
      const hash = hashOf(text)
      if (!this.#vectors.has(hash)) this.#wanting.set(hash, text)
    }
    this.#filling ??= this.#fill(stopping).finally(() => {
      this.#filling = undefined
    })
    await this.#filling
  }

  async #fill(stopping: AbortSignal): Promise<void> {
    while (this.#wanting.size > 0 && !this.#isResting && !stopping.aborted) {
      const batch = [...this.#wanting].slice(0, BATCH)
      const made = await this.#embed(
        batch.map(([, text]) => text),
        stopping
      )
      await this.#keep(
        batch.flatMap(([hash], at) => {
          const vector = made[at]
          return vector === undefined ? [] : [[hash, vector] as const]
        })
      )
      for (const [hash] of batch) this.#wanting.delete(hash)
    }
    // Whoever asks next wants them again.
    this.#wanting.clear()
  }

  /** Empty where none could be made. */
  async #embed(
    texts: readonly string[],
    stopping: AbortSignal
  ): Promise<readonly (UnitVector | undefined)[]> {
    const { embedder, clock } = this.#parts
    const within = AbortSignal.any([stopping, clock.timeout(LIMITS.embedTimeout.value)])
    try {
      const made = await unlessAborted(embedder.embed(texts, within), within)
      // It was slow for once, as when its connection is made.
      this.#restUntil = -Infinity
      return made.map(unitVector)
    } catch (error) {
      if (!stopping.aborted) this.#rest(toLumosError(error).code)
      return []
    }
  }

  async #keep(made: readonly (readonly [hash: string, vector: UnitVector])[]): Promise<void> {
    const operations: Operation[] = []
    for (const [hash, vector] of made) {
      const gone = put(this.#vectors, hash, { vector, most: LIMITS.cardVectors.value })
      const value = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
      operations.push({ type: 'put', key: this.#root + hash, value })
      if (gone !== undefined) operations.push({ type: 'del', key: this.#root + gone })
    }
    await this.#commit(operations)
  }

  /** Vectors of other models go: nobody asks for them again. */
  async #load(): Promise<void> {
    const old: Operation[] = []
    try {
      for await (const [key, value] of this.#parts.store().iterate(prefixRange(ROOT))) {
        const isOurs = key.startsWith(this.#root) && this.#vectors.size < LIMITS.cardVectors.value
        if (!isOurs) old.push({ type: 'del', key })
        // A copy: the bytes may lie where no float may begin.
        else
          this.#vectors.set(
            key.slice(this.#root.length),
            new Float32Array(Uint8Array.from(value).buffer)
          )
      }
    } catch (error) {
      this.#parts.logger.debug('vectors of cards were not read', { code: toLumosError(error).code })
    }
    await this.#commit(old)
  }

  /** What is not kept is made again after a restart. */
  async #commit(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return
    try {
      await this.#parts.store().commit(operations, { sync: false })
    } catch (error) {
      this.#parts.logger.debug('vectors of cards were not kept', { code: toLumosError(error).code })
    }
  }
}

/** Returns the key that had to go for it. */
function put(
  map: Map<string, UnitVector>,
  key: string,
  { vector, most }: { readonly vector: UnitVector; readonly most: number }
): string | undefined {
  map.set(key, vector)
  const [oldest] = map.keys()
  if (map.size <= most || oldest === undefined) return undefined
  map.delete(oldest)
  return oldest
}

/** 128 bits are enough for texts that nobody gains by making alike. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** `undefined` when it has no direction. */
function unitVector(numbers: readonly number[]): UnitVector | undefined {
  const length = Math.hypot(...numbers)
  if (!Number.isFinite(length) || length === 0) return undefined
  if (numbers.length > LIMITS.searchDimensions.value) return undefined
  return Float32Array.from(numbers, (value) => value / length)
}
