/** What one run of an LLM agent holds while it goes round: the messages, and the calls to be made. */
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessageParam
} from 'openai/resources/chat/completions'
import { toolCallsPart } from '../../core/chat-request.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { RESULT_ARTIFACT_ID, inputRequired } from '../agent.ts'
import type { AgentOutput, AgentQuestion } from '../agent.ts'
import type { Model, ModelCall } from '../models/model.ts'
import type { Toolbox } from '../tools/tool.ts'
import type { Answer, TokenUsage } from './answer.ts'
import type { Budget } from './budget.ts'
import { createCallRound } from './call-round.ts'
import type { AskedCall } from './call-round.ts'
import type { ModelChoice } from './model-step.ts'
import { pausePart } from './question.ts'
import type { PausedRun } from './question.ts'
import type { StructuredAnswer } from './structured-answer.ts'
import { estimateTokens, messageTokens } from './tokens.ts'
import type { PendingCall, ToolCalls } from './tool-calls.ts'
import { createToolImages } from './tool-images.ts'
import type { ToolImages } from './tool-images.ts'

export interface LlmRunComponents {
  readonly agent: string
  readonly choice: ModelChoice
  readonly budget: Budget
  readonly toolbox: Toolbox | undefined
  readonly toolCalls: ToolCalls
  readonly structured: StructuredAnswer | undefined
  /** Whether the tools are the caller's, whose the calls are to make. */
  readonly handsOver: boolean
  /** Keeps what was said since the user's message; returns what is to be told of it. */
  readonly save: (said: readonly ChatCompletionMessageParam[]) => Promise<readonly AgentOutput[]>
  /** What the working memory is to be, when the model has changed it. */
  readonly note: () => string | undefined
  readonly signal: AbortSignal
}

export interface LlmRunInit {
  /** The system prompt, the history and the user's message. */
  readonly messages: readonly ChatCompletionMessageParam[]
  /** What every call has besides: settings and tools. */
  readonly call: Omit<ModelCall, 'messages'>
  readonly paused: PausedRun | undefined
}

export interface LlmRun {
  readonly choice: ModelChoice
  readonly budget: Budget
  readonly signal: AbortSignal
  readonly call: () => ModelCall
  /** Leaves out what not all servers know; false when there is nothing like that. */
  readonly simplify: () => boolean
  hasCalls(): boolean
  /** Makes the calls of the last answer; returns a question when one needs the consent of a person. */
  makeCalls(): AsyncGenerator<AgentOutput, AgentQuestion | undefined>
  /** What an answer used, where nobody counted. */
  guessUsage(answer: Answer): TokenUsage
  /**
   * Goes on with an answer: returns what is told at the end of the run, `undefined` when it is not
   * at its end.
   *
   * @throws ANSWER_REFUSED, ANSWER_INVALID
   */
  take(result: {
    readonly model: Model
    readonly answer: Answer
  }): Promise<readonly AgentOutput[] | undefined>
}

export function createLlmRun(components: LlmRunComponents, init: LlmRunInit): LlmRun {
  const { agent, choice, budget, toolCalls, structured, save, signal } = components
  // Grows at its end only, so that a step costs what it adds, and servers find the beginning cached.
  const messages = [...init.messages, ...(init.paused?.messages ?? [])]
  const begun = init.messages.length
  let repaired = init.paused?.messages.some(({ role }) => role === 'user') ?? false
  const images = createToolImages()
  const round = createCallRound({ toolCalls, images }, init.paused)

  function pause({ callId, question }: AskedCall): AgentQuestion {
    const note = components.note()
    const paused: PausedRun = {
      ...round.state(),
      // They would fill the journal: after a question the model has words for them.
      messages: images.without(messages.slice(begun)),
      asked: callId,
      toolbox: components.toolbox?.state() ?? {},
      spent: budget.spent,
      ...(note !== undefined && { note })
    }
    return inputRequired(question, [pausePart(paused)])
  }

  /** Asks for a better one, once. */
  function repair(flaw: string, { ref: model }: Model): undefined {
    if (repaired) {
      throw new LumosError('ANSWER_INVALID', { details: { agent, model, reason: flaw } })
    }
    repaired = true
    const content = `Your answer cannot be used: ${flaw}. Answer again, with nothing but the corrected JSON.`
    messages.push({ role: 'user', content })
  }

  return {
    choice,
    budget,
    signal,
    ...createCall(init.call, { messages, images }),
    hasCalls: round.isOpen,
    async *makeCalls() {
      const asked = yield* round.make()
      if (asked !== undefined) return pause(asked)
      messages.push(...round.end())
      return undefined
    },
    guessUsage: (answer) => guessUsage(messages, answer),
    async take({ model, answer }) {
      const { text, toolCalls: calls, finish, refused } = answer
      if (finish === 'content_filter' || (refused && structured !== undefined)) {
        throw new LumosError('ANSWER_REFUSED', { details: { model: model.ref } })
      }
      const message = assistantMessage(answer)
      messages.push(message)
      if (calls.length > 0 && components.handsOver) return [toolCallsArtifact(message)]
      if (calls.length > 0) {
        round.begin(pendingCalls(message, budget.spent.steps))
        return undefined
      }
      if (structured === undefined) return save(messages.slice(begun))
      const checked = await structured.check(text)
      if ('flaw' in checked) return repair(checked.flaw, model)
      return [dataArtifact(checked.value), ...(await save(messages.slice(begun)))]
    }
  }
}

function guessUsage(
  messages: readonly ChatCompletionMessageParam[],
  { text, toolCalls }: Answer
): TokenUsage {
  return {
    input: messages.reduce((sum, message) => sum + messageTokens(message), 0),
    output: estimateTokens(text + JSON.stringify(toolCalls))
  }
}

function createCall(
  init: LlmRunInit['call'],
  {
    messages,
    images
  }: { readonly messages: ChatCompletionMessageParam[]; readonly images: ToolImages }
): Pick<LlmRun, 'call' | 'simplify'> {
  let parts = init
  return {
    call: () => ({ ...parts, messages }),
    simplify() {
      if (images.withdraw(messages)) return true
      const { response_format: format, ...rest } = parts
      parts = rest
      return format !== undefined
    }
  }
}

function dataArtifact(data: Json): AgentOutput {
  const parts = [{ data, mediaType: 'application/json' }]
  return { type: 'artifact', artifact: { artifactId: RESULT_ARTIFACT_ID, parts } }
}

function toolCallsArtifact({ tool_calls = [] }: ChatCompletionAssistantMessageParam): AgentOutput {
  const calls = tool_calls.flatMap((call) =>
    call.type === 'function' ? [{ id: call.id, ...call.function }] : []
  )
  return { type: 'artifact', artifact: { name: 'tool-calls', parts: [toolCallsPart(calls)] } }
}

function assistantMessage({
  text,
  toolCalls,
  reasoning
}: Answer): ChatCompletionAssistantMessageParam {
  const content = text === '' ? null : text
  if (toolCalls.length === 0) return { role: 'assistant', content: text }
  const known = new Set<string>()
  const tool_calls = toolCalls.map((call) => {
    // Servers that count from the beginning for each call give the same id twice.
    const id = known.has(call.id) ? `${call.id}_${known.size}` : call.id
    known.add(id)
    return { ...call, id }
  })
  const thoughts = reasoning === '' ? {} : { reasoning_content: reasoning }
  return { role: 'assistant', content, tool_calls, ...thoughts }
}

function pendingCalls(
  { tool_calls = [] }: ChatCompletionAssistantMessageParam,
  step: number
): PendingCall[] {
  return tool_calls.flatMap((call, at) =>
    call.type === 'function'
      ? {
          callId: `${step}-${at + 1}`,
          modelId: call.id,
          tool: call.function.name,
          input: call.function.arguments
        }
      : []
  )
}

/** What went wrong and is gone on from, as those who watch see it. */
export function errorStep(error: unknown): AgentOutput {
  const { code, message } = toLumosError(error)
  return { type: 'progress', text: '', step: { kind: 'error', code, message } }
}
