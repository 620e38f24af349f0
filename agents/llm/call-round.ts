/** The tool calls of one answer until all of them have a result, over questions to a person, too. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { AgentOutput } from '../agent.ts'
import type { PausedRun } from './question.ts'
import type { PendingCall, ToolCalls } from './tool-calls.ts'
import type { ToolImages } from './tool-images.ts'

export interface CallRoundComponents {
  readonly toolCalls: ToolCalls
  readonly images: Pick<ToolImages, 'take' | 'next'>
}

/** A call that a person has to allow. */
export interface AskedCall {
  readonly callId: string
  readonly question: string
}

export interface CallRound {
  begin(calls: readonly PendingCall[]): void
  readonly isOpen: () => boolean
  /**
   * Makes the calls that have no result yet; returns one that needs consent. One at a time: consent
   * to one call is none to another.
   */
  make(): AsyncGenerator<AgentOutput, AskedCall | undefined>
  /** What a question has to keep. */
  state(): Pick<PausedRun, 'calls' | 'results'>
  /** Ends the round with what the model is told of it. */
  end(): ChatCompletionMessageParam[]
}

export function createCallRound(
  { toolCalls, images }: CallRoundComponents,
  paused: PausedRun | undefined
): CallRound {
  let calls: readonly PendingCall[] = paused?.calls ?? []
  let results = new Map(Object.entries(paused?.results ?? {}))

  return {
    begin(begun) {
      calls = begun
    },
    isOpen: () => calls.length > 0,
    async *make() {
      const open = calls.filter(({ callId }) => !results.has(callId))
      const made = yield* toolCalls.run(open)
      let asked: AskedCall | undefined
      for (const [at, { callId, tool }] of open.entries()) {
        const result = made[at]
        if (result === undefined) continue
        if (result.type === 'ask') asked ??= { callId, question: result.question }
        else results.set(callId, result.text)
        images.take(tool, result)
      }
      return asked
    },
    state: () => ({ calls, results: Object.fromEntries(results) }),
    end() {
      const messages = calls.map(({ callId, modelId }) => ({
        role: 'tool' as const,
        tool_call_id: modelId,
        content: results.get(callId) ?? ''
      }))
      calls = []
      results = new Map()
      return [...messages, ...images.next()]
    }
  }
}
