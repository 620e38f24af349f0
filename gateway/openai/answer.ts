/** What an agent answers, as OpenAI clients want it: text, calls of their tools, how it ended, what it cost. */
import { HIDDEN_MEDIA_TYPE, INTERRUPTED_STATES, TERMINAL_STATES, textOf } from '../../core/a2a.ts'
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskState,
  TaskStatus
} from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import { TOOL_CALLS_MEDIA_TYPE, toolCallsIn } from '../../core/chat-request.ts'
import type { CallerToolCall } from '../../core/chat-request.ts'
import { LumosError, fromWireError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'

/** Reads what updates carry beside A2A's own. */
export interface UpdateReader {
  readonly stepOf: (message: Message | undefined) => AgentStep | undefined
  readonly errorOf: (status: TaskStatus) => WireError | undefined
  /** The message of the caller that a task takes up with an update, if it does. */
  readonly turnOf: (update: NonNullable<StreamResponse['statusUpdate']>) => Message | undefined
}

export interface TokenUsage {
  readonly input: number
  readonly output: number
}

/** Follows the updates of a task; what is added at the end costs no more the longer the text is. */
export class Answer {
  taskId = ''
  contextId = ''
  state: TaskState = 'TASK_STATE_SUBMITTED'
  toolCalls: readonly CallerToolCall[] = []
  /** What the agent asks back, when it waits for the word of its caller. */
  question: string | undefined
  /** As the model said: `stop`, `length`, … */
  finish = 'stop'
  /** Which of its caller's messages it answers, from 1. */
  turn = 1
  readonly #read: UpdateReader
  readonly #texts = new Map<string, string>()
  /** Of all artifacts before the last one, which grows. */
  #before = ''
  #lastId: string | undefined
  #last = ''
  #status: TaskStatus | undefined
  #spent = NOTHING

  constructor(read: UpdateReader) {
    this.#read = read
  }

  get text(): string {
    return joined(joined(this.#before, this.#last), this.question ?? '')
  }

  get isOver(): boolean {
    return TERMINAL_STATES.has(this.state)
  }

  /** Nothing where no model was asked; `undefined` where one was, and its server does not count. */
  get usage(): TokenUsage | undefined {
    const { steps, counted, ...tokens } = this.#spent
    return counted === 0 && steps > 0 ? undefined : tokens
  }

  /** Returns what has come to the end of the text; `undefined` when it is another text now. */
  take({ task, statusUpdate, artifactUpdate }: StreamResponse): string | undefined {
    if (task !== undefined) return this.#begin(task)
    if (statusUpdate !== undefined) {
      const piece = this.#takeStatus(statusUpdate.status)
      if (this.#read.turnOf(statusUpdate) === undefined) return piece
      return this.nextTurn()
    }
    if (artifactUpdate === undefined) return ''
    const { artifact, append = false } = artifactUpdate
    return append ? this.#append(artifact) : this.#replace(artifact)
  }

  /** From here on another message of the caller is answered. */
  nextTurn(): undefined {
    this.turn += 1
    this.question = undefined
    this.#spent = NOTHING
    this.#forget()
  }

  /** Why there is no answer, if there is none. */
  failure(): LumosError | undefined {
    if (!this.isOver || this.state === 'TASK_STATE_COMPLETED') return undefined
    const wire = this.#status && this.#read.errorOf(this.#status)
    if (wire !== undefined) return fromWireError(wire)
    if (this.state === 'TASK_STATE_CANCELED') return new LumosError('CANCELLED')
    const reason = textOf(this.#status?.message?.parts ?? []).slice(0, 256) || 'it gave no reason'
    const code = this.state === 'TASK_STATE_REJECTED' ? 'TASK_REFUSED' : 'TASK_FAILED'
    return new LumosError(code, { details: { reason, task: this.taskId } })
  }

  #begin({ id, contextId, artifacts = [], status }: Task): string | undefined {
    const isFirst = this.taskId === ''
    this.taskId = id
    this.contextId = contextId
    this.#forget()
    for (const artifact of artifacts) this.#replace(artifact)
    this.#takeStatus(status)
    return isFirst ? this.text : undefined
  }

  #takeStatus(status: TaskStatus): string {
    const { state, message } = status
    this.state = state
    this.#status = status
    const step = this.#read.stepOf(message)
    if (step?.kind === 'step-end') this.finish = step.finish
    this.#spent = withStep(this.#spent, step)
    if (!INTERRUPTED_STATES.has(state)) return ''
    const parts = message?.parts.filter(({ mediaType }) => mediaType !== HIDDEN_MEDIA_TYPE) ?? []
    this.question = parts.map(toText).reduce(joined, '')
    return this.#spaced(this.question)
  }

  #append({ artifactId, parts }: Artifact): string | undefined {
    const text = textIn(parts)
    if (artifactId === this.#lastId) {
      const piece = this.#last === '' ? this.#spaced(text) : text
      this.#last += text
      return piece
    }
    const known = this.#texts.get(artifactId)
    return known === undefined ? this.#add(artifactId, text) : this.#put(artifactId, known + text)
  }

  #replace({ artifactId, parts }: Artifact): string | undefined {
    if (parts.some(({ mediaType }) => mediaType === TOOL_CALLS_MEDIA_TYPE)) {
      this.toolCalls = parts.flatMap(toolCallsIn)
      return ''
    }
    const text = textIn(parts)
    const isKnown = artifactId === this.#lastId || this.#texts.has(artifactId)
    return isKnown ? this.#put(artifactId, text) : this.#add(artifactId, text)
  }

  #add(id: string, text: string): string {
    if (this.#lastId !== undefined) this.#texts.set(this.#lastId, this.#last)
    this.#before = joined(this.#before, this.#last)
    this.#lastId = id
    this.#last = text
    return this.#before === '' || text === '' ? text : BETWEEN + text
  }

  #put(id: string, text: string): undefined {
    if (id === this.#lastId) this.#last = text
    else this.#texts.set(id, text)
    this.#before = [...this.#texts.values()].reduce(joined, '')
  }

  /** As it stands behind all that there is. */
  #spaced(text: string): string {
    return text === '' || joined(this.#before, this.#last) === '' ? text : BETWEEN + text
  }

  #forget(): void {
    this.#texts.clear()
    this.#before = ''
    this.#lastId = undefined
    this.#last = ''
    this.toolCalls = []
  }
}

const BETWEEN = '\n\n'

function joined(before: string, text: string): string {
  return before === '' || text === '' ? before + text : before + BETWEEN + text
}

/** Answers of models, those of them that were counted, and their tokens. */
const NOTHING = { steps: 0, counted: 0, input: 0, output: 0 }

function withStep(spent: typeof NOTHING, step: AgentStep | undefined): typeof NOTHING {
  if (step?.kind === 'step-end') return { ...spent, steps: spent.steps + 1 }
  if (step?.kind !== 'usage') return spent
  return {
    ...spent,
    counted: spent.counted + 1,
    input: spent.input + step.inputTokens,
    output: spent.output + step.outputTokens
  }
}

function textIn(parts: readonly Part[]): string {
  return parts.map(toText).join('')
}

/** Files as the links of Markdown: that is what a chat shows. */
function toText({ text, data, url, raw, filename, mediaType }: Part): string {
  if (text !== undefined) return text
  if (data !== undefined) return JSON.stringify(data)
  const type = mediaType ?? 'application/octet-stream'
  const address = raw === undefined ? (url ?? '') : `data:${type};base64,${raw}`
  const name = (filename ?? type).replaceAll(/[[\]\\]/g, ' ')
  return `${type.startsWith('image/') ? '!' : ''}[${name}](${address})`
}
