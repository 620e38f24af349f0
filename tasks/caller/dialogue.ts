/** What caller and worker say to each other on one task, as far as its caller knows. */
import type { Message } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { isRepeated } from '../worker/turns.ts'
import type { DelegationEvent } from './delegation-events.ts'

export type QuestionEvent = Extract<DelegationEvent, { type: 'input-required' }>

export class Dialogue {
  /** What the worker is to be given. */
  answer: Message | undefined
  /** What both said, the order first. */
  history: readonly Message[]
  readonly #taskId: string
  #asked: QuestionEvent | undefined

  constructor(taskId: string, order: Message) {
    this.#taskId = taskId
    this.history = [order]
  }

  /** What nobody has answered yet. */
  get question(): QuestionEvent | undefined {
    return this.answer === undefined ? this.#asked : undefined
  }

  /** False for an answer that was given before. Throws TASK_NOT_WAITING, TASK_CONFLICT. */
  wants(message: Message): boolean {
    if (isRepeated(this.history, message)) return false
    if (this.question !== undefined) return true
    throw new LumosError('TASK_NOT_WAITING', { details: { task: this.#taskId } })
  }

  /** A state that is no question, or the end, means that the worker waits for nothing any more. */
  hear(event: DelegationEvent): void {
    if (event.type === 'input-required') {
      const { text, parts = [] } = event
      const taskId = this.#taskId
      const messageId = `${taskId}:${this.history.length}`
      const said = { messageId, taskId, role: 'ROLE_AGENT' as const, parts: [{ text }, ...parts] }
      this.#asked = event
      this.answer = undefined
      this.history = [...this.history, said]
    } else if (event.type === 'answered') {
      this.answer = event.message
      this.history = [...this.history, event.message]
    } else if (event.type === 'status' || event.type === 'result') {
      this.#asked = undefined
      this.answer = undefined
    }
  }
}

/** The dialogue of a whole story. */
export async function dialogueOf(
  { taskId, message }: { readonly taskId: string; readonly message: Message },
  events: AsyncIterable<DelegationEvent>
): Promise<Dialogue> {
  const dialogue = new Dialogue(taskId, message)
  for await (const event of events) dialogue.hear(event)
  return dialogue
}
