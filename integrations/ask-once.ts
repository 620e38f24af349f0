/** One question to the swarm as a model's tool call: there is nobody who could be asked back. */
import { createSwarmCaller } from './swarm-caller.ts'
import type { SwarmOptions } from './swarm-caller.ts'

export interface SwarmToolOptions extends SwarmOptions {
  /** Name of the tool for the model: letters, digits, `_` and `-`; default: made of the target. */
  readonly id?: string
  /** When to use it, for the model. */
  readonly description?: string
}

export interface SwarmTool {
  readonly id: string
  readonly description: string
  /** Resolves to the answer in text. A question of the agent is such an answer, too. */
  ask(request: string, signal: AbortSignal | undefined): Promise<string>
}

/** What models are told that they can pass. */
export const REQUEST_SCHEMA = {
  type: 'object',
  properties: {
    request: { type: 'string', description: 'What the agent is asked to do, in plain words.' }
  },
  required: ['request'],
  additionalProperties: false
} as const

export function createSwarmTool(target: string, options: SwarmToolOptions = {}): SwarmTool {
  const { id = toolName(target), description, ...rest } = options
  const caller = createSwarmCaller(target, rest)
  return {
    id,
    description: description ?? `Asks the agent "${target}" of the Lumos swarm to do something.`,
    async ask(request, signal) {
      const taskId = crypto.randomUUID()
      for await (const event of caller.run({ taskId, text: request, signal })) {
        if (event.type === 'result') return event.text
        if (event.type !== 'question') continue
        await caller.cancel(taskId)
        return `The agent asks: ${event.text}\nAsk it again, with the answer in your request.`
      }
      return ''
    }
  }
}

/** As models take names; `@clerk@shop` becomes `clerk_shop`. */
export function toolName(target: string): string {
  return target
    .replaceAll(/[^a-zA-Z0-9-]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 64)
}

/** The request in what a model passed. */
export function requestOf(input: unknown): string {
  const request =
    typeof input === 'object' && input !== null && 'request' in input ? input.request : input
  if (typeof request === 'string') return request
  throw new TypeError('the tool takes { "request": "…" }')
}
