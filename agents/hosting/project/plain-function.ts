/** A plain function as an agent: it takes the text, and gives back text, data, or one piece after the other. */
import type { AgentOutput } from '../../agent.ts'
import { isShape } from './adapter.ts'
import type { ProjectAgent, ProjectRequest } from './adapter.ts'
import { describedAgent } from './described.ts'
import { asJson } from './steps.ts'

export type PlainFunction = (text: string, request: ProjectRequest) => unknown

const KINDS: ReadonlySet<string> = new Set(['AsyncFunction', 'AsyncGeneratorFunction'])

export function isAsyncFunction(value: unknown): value is PlainFunction {
  return typeof value === 'function' && KINDS.has(value.constructor.name)
}

export function fromFunction(call: PlainFunction, name: string): ProjectAgent {
  const own: unknown = Reflect.get(call, 'description')
  const description = describedAgent({
    id: name,
    framework: 'function',
    description: typeof own === 'string' ? own : `The function ${name}.`
  })
  return { description, run: (request) => run(call, request) }
}

async function* run(call: PlainFunction, request: ProjectRequest): AsyncGenerator<AgentOutput> {
  const result = call(request.text, request)
  if (isIterable(result)) for await (const item of result) yield* outputOf(item)
  else yield* outputOf(await result)
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return isShape(value) && Symbol.asyncIterator in value
}

/** What agents may yield is yielded; anything else is data. */
function* outputOf(value: unknown): Generator<AgentOutput> {
  if (value === undefined || value === null) return
  if (typeof value === 'string' || isOutput(value)) yield value
  else {
    yield { type: 'artifact', artifact: { artifactId: 'result', parts: [{ data: asJson(value) }] } }
  }
}

const OUTPUTS: ReadonlySet<unknown> = new Set([
  'progress',
  'artifact',
  'input-required',
  'auth-required'
])

function isOutput(value: unknown): value is AgentOutput {
  return isShape(value) && OUTPUTS.has(value['type'])
}
