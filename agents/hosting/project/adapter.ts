/** The form that agents of all frameworks are brought into, in the process of their project. */
import type { Json } from '../../../core/json.ts'
import type { AgentOutput, AgentQuestion, AgentRequest } from '../../agent.ts'
import type { HostedAgent } from '../protocol.ts'

/** `state` stays on the node and is given back with the answer. */
export type ProjectOutput = AgentOutput | (AgentQuestion & { readonly state: Json })

export interface ProjectRequest extends AgentRequest {
  /** What the agent gave away with its last question of this task: then `text` is the answer. */
  readonly state?: Json
}

export interface ProjectAgent {
  readonly description: HostedAgent
  run(request: ProjectRequest): AsyncIterable<ProjectOutput>
}

/** Imports a package as the project itself would. */
export type ImportPackage = (name: string) => Promise<Readonly<Record<string, unknown>>>

/** What code that is not ours exports: nothing is known of it before it is looked at. */
export type Shape = Readonly<Record<string, unknown>>

export function isShape(value: unknown): value is Shape {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Whether all of `names` are methods of it. */
export function hasMethods(value: Shape, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'function')
}

/** Frameworks throw all kinds of things. */
export function asError(value: unknown): Error {
  if (value instanceof Error) return value
  const message = isShape(value) ? value['message'] : value
  return new Error(textIn(message, 'the agent failed'))
}

export function textIn(value: unknown, fallback = ''): string {
  return typeof value === 'string' && value !== '' ? value : fallback
}
