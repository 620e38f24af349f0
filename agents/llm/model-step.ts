/** One answer of a model, told as it comes; other models stand in while nothing of it was told. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { AgentOutput } from '../agent.ts'
import type { Model, ModelCall, Models } from '../models/model.ts'
import type { Answer } from './answer.ts'
import { createAnswerBuilder } from './answer.ts'

export interface ModelStepInit {
  readonly call: () => ModelCall
  /** Makes the next call one that more servers take; false when it is as plain as can be. */
  readonly simplify: () => boolean
  /** Whether text is passed on as it comes: what was told cannot be taken back. */
  readonly streaming: boolean
  /** Told with every piece how many characters there are so far, reasoning and calls included; throws to end the step. */
  readonly onPiece: (characters: number) => void
  readonly signal: AbortSignal
}

export interface ModelStep {
  /**
   * A piece of text, or what failed and is gone on from; `undefined` at the end.
   *
   * @throws what the last model failed with; ANSWER_EMPTY; the reason of the signal
   */
  next(): Promise<AgentOutput | undefined>
  /** After the end. */
  result(): { readonly model: Model; readonly answer: Answer }
  /** Gives up what is still coming. */
  close(): Promise<void>
}

/** The models of a run, in the order in which they are asked. */
export interface ModelChoice {
  /** The one to be asked; throws MODEL_UNKNOWN, MODEL_NONE. */
  current(): Model
  /** Goes on with the next one for the rest of the run; false when there is none. */
  advance(): boolean
}

/** Without names: the models that are the node's default now. */
export function createModelChoice(
  models: Models | undefined,
  wanted: readonly string[]
): ModelChoice {
  const names = wanted.length > 0 ? wanted : (models?.defaults() ?? [])
  let at = 0
  return {
    current() {
      if (models === undefined) throw new LumosError('MODEL_NONE')
      return models.get(names[at])
    },
    advance() {
      if (at + 1 >= names.length) return false
      at += 1
      return true
    }
  }
}

interface Attempt {
  readonly model: Model
  readonly chunks: AsyncIterator<ChatCompletionChunk>
  readonly builder: ReturnType<typeof createAnswerBuilder>
  begun: boolean
}

export function openModelStep(choice: ModelChoice, init: ModelStepInit): ModelStep {
  const { call, simplify, streaming, onPiece, signal } = init
  let attempt: Attempt | undefined
  let spoke = false
  let repeated = false

  function begin(): Attempt {
    const model = choice.current()
    const chunks = model.stream(call(), { signal })[Symbol.asyncIterator]()
    return { model, chunks, builder: createAnswerBuilder(), begun: false }
  }

  /** The next piece of text; `''` at the end. */
  async function read(current: Attempt): Promise<string> {
    for (;;) {
      // One after the other is what a stream is.
      // oxlint-disable-next-line no-await-in-loop
      const { done, value } = await current.chunks.next()
      if (done === true) {
        if (isEmpty(current.builder.answer())) throw emptyAnswer(current.model)
        return ''
      }
      current.begun = true
      const text = current.builder.add(value)
      onPiece(current.builder.written())
      if (streaming && text !== '') return text
    }
  }

  /** What broke off after it had begun is asked for once more, then of the next model. */
  function recover(error: unknown): AgentOutput {
    signal.throwIfAborted()
    const { code, message } = toLumosError(error)
    if (spoke || code === 'AGENT_BUDGET' || code === 'BUDGET_SPENT') throw error
    const isSimpler = code === 'MODEL_REJECTED' && simplify()
    const again = attempt?.begun === true && !repeated
    if (!isSimpler && !again && !choice.advance()) throw error
    repeated = again
    attempt = undefined
    return { type: 'progress', text: '', step: { kind: 'error', code, message } }
  }

  return {
    async next() {
      try {
        attempt ??= begin()
        const text = await read(attempt)
        if (text === '') return undefined
        spoke = true
        return text
      } catch (error) {
        await closeChunks(attempt)
        return recover(error)
      }
    },
    result() {
      if (attempt === undefined) throw new TypeError('the step has not ended')
      return { model: attempt.model, answer: attempt.builder.answer() }
    },
    close: () => closeChunks(attempt)
  }
}

function isEmpty({ text, toolCalls, images, finish }: Answer): boolean {
  // What a filter cut off is a refusal, not an accident.
  return text === '' && toolCalls.length === 0 && images.length === 0 && finish !== 'content_filter'
}

function emptyAnswer({ ref }: Model): LumosError {
  return new LumosError('ANSWER_EMPTY', { details: { model: ref } })
}

async function closeChunks(attempt: Attempt | undefined): Promise<void> {
  try {
    await attempt?.chunks.return?.()
  } catch {
    // It has failed already, or nobody wants it any more.
  }
}
