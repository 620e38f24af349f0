/** One provider of models behind the openai package: any server that speaks OpenAI's chat completions. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OpenAI } from 'openai'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import { waitBeforeRetry } from './backoff.ts'
import type { ChunkReader } from './chunk-reader.ts'
import { createChunkReader } from './chunk-reader.ts'
import { modelFailure } from './failure.ts'
import type { EmbeddingModel, Model, ModelCall, ModelCallOptions, ModelPrice } from './model.ts'
import type { Patience } from './patience.ts'
import { startPatience } from './patience.ts'
import { createSlots } from './slots.ts'
import type { ModelTransport } from './transport.ts'

export interface ModelProviderComponents {
  readonly clock: Clock
  readonly random: Random
  /** Called when the first request is made. */
  readonly transport: () => Promise<ModelTransport>
}

export interface ModelProviderInit {
  readonly name: string
  /** As OPENAI_BASE_URL has it, mostly ending in `/v1`. */
  readonly baseUrl: string
  readonly key?: Secret<string>
  /** Requests at once. */
  readonly concurrency: number
}

export interface ModelProvider {
  model(id: string, price?: ModelPrice): Model
  embedding(id: string): EmbeddingModel
}

export function createModelProvider(
  components: ModelProviderComponents,
  init: ModelProviderInit
): ModelProvider {
  const requests = new Requests(components, init)
  return {
    model(id, price) {
      const target = { ref: `${init.name}/${id}`, id }
      return {
        ref: target.ref,
        ...(price && { price }),
        stream: (call, options) => requests.stream(target, call, options)
      }
    },
    embedding(id) {
      const target = { ref: `${init.name}/${id}`, id }
      return { ref: target.ref, embed: (texts, options) => requests.embed(target, texts, options) }
    }
  }
}

/** What is asked: its name for people, and for the server. */
interface Target {
  readonly ref: string
  readonly id: string
}

/** An answer that has begun. */
interface Begun {
  readonly first: ChatCompletionChunk
  readonly chunks: ChunkReader
  readonly patience: Patience
  readonly release: () => void
}

class Requests {
  readonly #parts: ModelProviderComponents
  readonly #init: ModelProviderInit
  readonly #slots: ReturnType<typeof createSlots>
  #client: Promise<OpenAI> | undefined

  constructor(parts: ModelProviderComponents, init: ModelProviderInit) {
    this.#parts = parts
    this.#init = init
    const { concurrency } = init
    this.#slots = createSlots({ concurrency, queue: LIMITS.modelQueue.value })
  }

  /**
   * All chunks, to the mark that says that there are no more. One generator for all of it, because each
   * more that a chunk passes costs turns of the event loop's queue.
   *
   * @yields the chunks as the server sends them
   */
  async *stream(
    target: Target,
    call: ModelCall,
    { signal }: ModelCallOptions
  ): AsyncGenerator<ChatCompletionChunk> {
    const { first, chunks, patience, release } = await this.#persist(target, signal, () =>
      this.#begin(target, call, signal)
    )
    let finished = false
    let whole = false
    try {
      for (let chunk: ChatCompletionChunk | undefined = first; chunk !== undefined;) {
        finished ||= isLast(chunk)
        yield chunk
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what a stream is
        chunk = chunks.take() ?? (await nextChunk(chunks, patience))
      }
      patience.signal.throwIfAborted()
      whole = true
      if (!finished) throw failed(target, 'its answer broke off')
    } catch (error) {
      signal.throwIfAborted()
      throw (
        silence(target, patience) ?? modelFailure(error, target.ref, this.#parts.clock.now()).error
      )
    } finally {
      if (!whole) patience.giveUp()
      patience.end()
      release()
    }
  }

  async embed(
    target: Target,
    texts: readonly string[],
    { signal }: ModelCallOptions
  ): Promise<readonly Float32Array[]> {
    const size = LIMITS.modelEmbedBatch.value
    const vectors: Float32Array[] = []
    for (let start = 0; start < texts.length; start += size) {
      const input = texts.slice(start, start + size)
      // A provider that has to work on one batch at a time gains nothing from having them all.
      // oxlint-disable-next-line no-await-in-loop
      const batch = await this.#persist(target, signal, () => this.#vectors(target, input, signal))
      vectors.push(...batch)
    }
    return vectors
  }

  /** Makes attempts until one succeeds, or until another makes no sense. */
  async #persist<T>({ ref }: Target, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#parts
    for (let tries = 1; ; tries += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what retrying means
        return await attempt()
      } catch (error) {
        signal.throwIfAborted()
        const failure = modelFailure(error, ref, clock.now())
        const wait = waitBeforeRetry(failure, tries, random)
        if (wait === undefined) throw failure.error
        // oxlint-disable-next-line no-await-in-loop
        if (!(await clock.sleep(wait, signal))) throw signal.reason
      }
    }
  }

  /** Up to the first chunk. */
  async #begin(target: Target, call: ModelCall, signal: AbortSignal): Promise<Begun> {
    const release = await this.#slots.take(target.ref, signal)
    const patience = startPatience(this.#parts.clock, LIMITS.modelFirstChunk.value, signal)
    try {
      const { chat } = await this.#connected()
      const { body } = await chat.completions
        .create(
          { ...call, model: target.id, stream: true, stream_options: { include_usage: true } },
          { signal: patience.signal }
        )
        .asResponse()
      const chunks = body === null ? undefined : createChunkReader(body)
      const first = await chunks?.next()
      patience.signal.throwIfAborted()
      if (chunks === undefined || first === undefined) throw failed(target, 'its answer is empty')
      patience.rest()
      return { first, chunks, patience, release }
    } catch (error) {
      patience.giveUp()
      patience.end()
      release()
      throw silence(target, patience) ?? error
    }
  }

  async #vectors(
    target: Target,
    input: string[],
    signal: AbortSignal
  ): Promise<readonly Float32Array[]> {
    const release = await this.#slots.take(target.ref, signal)
    const patience = startPatience(this.#parts.clock, LIMITS.modelFirstChunk.value, signal)
    try {
      const { embeddings } = await this.#connected()
      const request = { model: target.id, input }
      const { data } = await embeddings.create(request, { signal: patience.signal })
      if (data.length !== input.length) throw failed(target, 'vectors are missing')
      return data
        .toSorted((one, other) => one.index - other.index)
        .map(({ embedding }) => Float32Array.from(embedding))
    } catch (error) {
      throw silence(target, patience) ?? error
    } finally {
      patience.end()
      release()
    }
  }

  #connected(): Promise<OpenAI> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<OpenAI> {
    const { baseUrl, key } = this.#init
    const { fetch } = await this.#parts.transport()
    // To load either takes 50 ms, and Node would do both in one turn; timers are served before the second.
    await nextTurn()
    await nextTurn()
    const { OpenAI: Client } = await import('openai')
    return new Client({
      baseURL: baseUrl,
      fetch,
      maxRetries: 0,
      // It would print prompts.
      logLevel: 'off',
      apiKey: key?.reveal() ?? 'none',
      ...(key === undefined && { defaultHeaders: { authorization: null } }),
      // The package takes these from the environment, and would send them to whatever server this is.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null
    })
  }
}

async function nextChunk(
  chunks: ChunkReader,
  patience: Patience
): Promise<ChatCompletionChunk | undefined> {
  patience.wait(LIMITS.modelIdle.value)
  const chunk = await chunks.next()
  patience.rest()
  return chunk
}

/** Some servers leave the list out of the chunk that has the usage. */
function isLast({ choices }: ChatCompletionChunk): boolean {
  return choices?.some(({ finish_reason: reason }) => typeof reason === 'string') ?? false
}

function silence(target: Target, patience: Patience): LumosError | undefined {
  const ms = patience.exceeded()
  return ms === undefined ? undefined : failed(target, `it said nothing for ${ms} ms`)
}

function failed({ ref }: Target, reason: string): LumosError {
  return new LumosError('MODEL_FAILED', { details: { model: ref, reason } })
}
