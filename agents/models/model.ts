/** What an agent sees of language models: ask one of them, and read its answer while it is made. */
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming
} from 'openai/resources/chat/completions'

/** The request as OpenAI's chat completions have it, without what the node decides itself. */
export type ModelCall = Omit<
  ChatCompletionCreateParamsStreaming,
  'model' | 'stream' | 'stream_options'
>

export interface ModelCallOptions {
  /** Aborting it closes the HTTP request. */
  readonly signal: AbortSignal
}

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number
  readonly output: number
}

export interface Model {
  /** `provider/model`, as `lumos model ls` shows it. */
  readonly ref: string
  readonly price?: ModelPrice
  /**
   * The chunks as the server sends them; the last one has the usage where the server tells it. What
   * fails before the first chunk is tried again (Retry-After honoured) while that makes sense.
   *
   * @throws MODEL_UNREACHABLE, MODEL_REFUSED (key), MODEL_LIMITED (rate or quota), MODEL_REJECTED
   *   (this request), MODEL_FAILED; the reason of the signal
   */
  stream(call: ModelCall, options: ModelCallOptions): AsyncIterable<ChatCompletionChunk>
}

export interface EmbeddingModel {
  readonly ref: string
  /** One vector a text, in order. */
  embed(texts: readonly string[], options: ModelCallOptions): Promise<readonly Float32Array[]>
}

/** The models that this node can use now. */
export interface Models {
  /**
   * The model of that name: `provider/model`, a provider's name (its first model), a model's name
   * that one provider has; the node's default without a name.
   *
   * @throws MODEL_UNKNOWN, which names those there are; MODEL_NONE when there is none at all
   */
  get(name?: string): Model
  /** What `get()` stands for, as names: the models to ask one after the other. Empty when there is none. */
  defaults(): readonly string[]
  /** `undefined` when none is configured. */
  embedding(): EmbeddingModel | undefined
}
