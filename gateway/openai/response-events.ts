/** A response as it comes, in the events of OpenAI's stream: text as it is said, calls when they are known. */
import type { LumosError } from '../../core/errors.ts'
import { asFailure } from '../control/failure.ts'
import type { ServerEvent } from '../http/server-events.ts'
import type { Answer } from './answer.ts'
import { callItem, incompleteReason, messageId, messageItem } from './response-document.ts'
import { responseOf, textPart } from './response-document.ts'
import type { Asked, ResponseStatus } from './response-document.ts'
import { ToldText } from './told-text.ts'

export interface ResponseEventsInit {
  readonly asked: Asked
  /** Known when the task has begun. */
  readonly idOf: (answer: Answer) => string
}

/** What fails before the task has begun is thrown; what fails behind that is told, and ends it. */
export async function* responseEvents(
  pieces: AsyncIterable<string | undefined>,
  answer: Answer,
  { asked, idOf }: ResponseEventsInit
): AsyncGenerator<ServerEvent> {
  const told = new ToldText()
  let writer: EventWriter | undefined
  try {
    for await (const piece of pieces) {
      if (writer === undefined) {
        writer = new EventWriter(answer, { id: idOf(answer), asked })
        yield writer.whole('response.created', 'in_progress')
        yield writer.whole('response.in_progress', 'in_progress')
      }
      const delta = told.next(answer, piece)
      if (delta !== '') yield* writer.say(delta)
    }
    if (writer !== undefined) yield* writer.end()
  } catch (error) {
    if (writer === undefined) throw error
    yield writer.whole('response.failed', 'failed', asFailure(error, 0))
  }
}

class EventWriter {
  readonly #answer: Answer
  readonly #init: { readonly id: string; readonly asked: Asked }
  /** Of the message; `undefined` before there is one. */
  #said: string | undefined
  #number = 0

  constructor(answer: Answer, init: { readonly id: string; readonly asked: Asked }) {
    this.#answer = answer
    this.#init = init
  }

  /** An event that has the response as it is. */
  whole(type: string, status: ResponseStatus, failure?: LumosError): ServerEvent {
    return this.#event(type, {
      response: responseOf(this.#answer, { ...this.#init, status, failure })
    })
  }

  *say(delta: string): Generator<ServerEvent> {
    if (this.#said === undefined) {
      const item = messageItem(undefined, this.#init.id)
      yield this.#event('response.output_item.added', { output_index: 0, item })
      yield this.#inMessage('response.content_part.added', { part: textPart('') })
    }
    this.#said = (this.#said ?? '') + delta
    if (delta === '') return
    yield this.#inMessage('response.output_text.delta', { delta, logprobs: [] })
  }

  *end(): Generator<ServerEvent> {
    const { toolCalls } = this.#answer
    // An answer without a word and without a call is an empty message.
    if (this.#said === undefined && toolCalls.length === 0) yield* this.say('')
    const text = this.#said
    if (text !== undefined) {
      const item = messageItem(text, this.#init.id)
      yield this.#inMessage('response.output_text.done', { text, logprobs: [] })
      yield this.#inMessage('response.content_part.done', { part: textPart(text) })
      yield this.#event('response.output_item.done', { output_index: 0, item })
    }
    for (const at of toolCalls.keys()) yield* this.#call(at, text === undefined ? at : at + 1)
    const isCut = incompleteReason(this.#answer) !== undefined
    yield this.whole(isCut ? 'response.incomplete' : 'response.completed', 'completed')
  }

  *#call(at: number, output_index: number): Generator<ServerEvent> {
    const item = callItem(this.#answer.toolCalls, { id: this.#init.id, at })
    const { id: item_id, arguments: input, name } = item
    const place = { output_index, item_id }
    const begun = { ...item, status: 'in_progress', arguments: '' }
    yield this.#event('response.output_item.added', { output_index, item: begun })
    yield this.#event('response.function_call_arguments.delta', { ...place, delta: input })
    const done = { ...place, name, arguments: input }
    yield this.#event('response.function_call_arguments.done', done)
    yield this.#event('response.output_item.done', { output_index, item })
  }

  #inMessage(type: string, members: object): ServerEvent {
    const item_id = messageId(this.#init.id)
    return this.#event(type, { item_id, output_index: 0, content_index: 0, ...members })
  }

  #event(type: string, members: object): ServerEvent {
    const sequence_number = this.#number
    this.#number += 1
    return { event: type, data: JSON.stringify({ type, sequence_number, ...members }) }
  }
}
