/** `lumos-mesh/ai`: agents of the swarm as tools of the AI SDK and of the OpenAI Agents SDK. */
import { createSwarmTool, REQUEST_SCHEMA, requestOf } from './ask-once.ts'
import type { SwarmToolOptions } from './ask-once.ts'

export type { SwarmToolOptions } from './ask-once.ts'

interface Request {
  readonly request: string
}

/** The mark of a schema of the AI SDK, which is not imported: it is the project's. */
const AI_SCHEMA = Symbol.for('vercel.ai.schema')

/** A value of the SDK's `tools: { clerk: lumosTool('@clerk@shop') }`. */
export interface AiSdkTool {
  readonly description: string
  readonly inputSchema: {
    readonly [AI_SCHEMA]: true
    readonly _type: Request
    readonly jsonSchema: object
    readonly validate: (
      value: unknown
    ) => { success: true; value: Request } | { success: false; error: Error }
  }
  execute(input: Request, options: { readonly abortSignal?: AbortSignal }): Promise<string>
}

/** `target`: agent id, skill id, tag, `@agent` or `@agent@node`. The task is cancelled with the call. */
export function lumosTool(target: string, options: SwarmToolOptions = {}): AiSdkTool {
  const tool = createSwarmTool(target, options)
  return {
    description: tool.description,
    inputSchema: {
      [AI_SCHEMA]: true,
      _type: { request: '' },
      jsonSchema: REQUEST_SCHEMA,
      validate(value) {
        try {
          return { success: true, value: { request: requestOf(value) } }
        } catch (error) {
          return {
            success: false,
            error: error instanceof Error ? error : new Error(String(error))
          }
        }
      }
    },
    execute: (input, { abortSignal }) => tool.ask(requestOf(input), abortSignal)
  }
}

/** What `tool(…)` of `@openai/agents` takes: `tools: [tool(lumosFunction('@clerk@shop'))]`. */
export interface OpenAiFunction {
  readonly name: string
  readonly description: string
  readonly strict: true
  readonly parameters: {
    type: 'object'
    properties: Record<string, { type: 'string'; description: string }>
    required: string[]
    additionalProperties: false
  }
  execute(input: unknown, context?: unknown, details?: CallDetails): Promise<string>
}

interface CallDetails {
  readonly signal?: AbortSignal
}

/** `target`: as of {@link lumosTool}. */
export function lumosFunction(target: string, options: SwarmToolOptions = {}): OpenAiFunction {
  const tool = createSwarmTool(target, options)
  const { properties } = REQUEST_SCHEMA
  return {
    name: tool.id,
    description: tool.description,
    strict: true,
    parameters: { ...REQUEST_SCHEMA, properties: { ...properties }, required: ['request'] },
    execute: (input, _context, details) => tool.ask(requestOf(input), details?.signal)
  }
}
