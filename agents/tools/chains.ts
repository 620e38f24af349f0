/** Makes one tool of several: one after the other, one for each item, all for the same input. */
import { LumosError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { tool } from './define-tool.ts'
import type { TypedTool } from './define-tool.ts'
import type { Tool, ToolContext, ToolEffect } from './tool.ts'

/** What a chain has of its own; effects, egress and trust are those of its parts together. */
export interface ChainInit {
  readonly id: string
  readonly description: string
  readonly version?: string
  readonly timeoutMs?: number
  readonly concurrency?: number
  readonly rate?: number
}

/** A link of a pipe: a tool, or a function that makes the input of the next one. */
export type Link<In, Out> = TypedTool<In, Out> | ((value: In) => Out | Promise<Out>)

/** What comes out of a tool, as the next link is given it. */
type Passed<Out> = Awaited<Out>

/**
 * One tool after the other: each is given what the one before returned. What goes from one to the next is
 * checked by the compiler where it knows the types, and against the schema of the next one in any case.
 *
 * @throws TypeError for a pipe without links, and one that does not begin with a tool
 */
export function pipeTools<A, B>(
  init: ChainInit,
  links: readonly [TypedTool<A, B>]
): TypedTool<A, Passed<B>>
export function pipeTools<A, B, C>(
  init: ChainInit,
  links: readonly [TypedTool<A, B>, Link<Passed<B>, C>]
): TypedTool<A, Passed<C>>
export function pipeTools<A, B, C, D>(
  init: ChainInit,
  links: readonly [TypedTool<A, B>, Link<Passed<B>, C>, Link<Passed<C>, D>]
): TypedTool<A, Passed<D>>
export function pipeTools<A, B, C, D, E>(
  init: ChainInit,
  links: readonly [TypedTool<A, B>, Link<Passed<B>, C>, Link<Passed<C>, D>, Link<Passed<D>, E>]
): TypedTool<A, Passed<E>>
export function pipeTools(
  init: ChainInit,
  links: readonly (Tool | ((value: never) => unknown))[]
): TypedTool<never, unknown> {
  const [first, ...rest] = links
  if (first === undefined || typeof first === 'function') {
    throw new TypeError(`the pipe "${init.id}" must begin with a tool`)
  }
  const parts = links.filter((link) => typeof link !== 'function')
  const last = rest.at(-1) ?? first
  return chain(
    { init, parts, first, ...(typeof last !== 'function' && { last }) },
    async (input, context) => {
      let value: unknown = await use(first, input, context)
      for (const link of rest) {
        context.signal.throwIfAborted()
        // oxlint-disable-next-line no-await-in-loop -- each needs what the one before returned
        value =
          typeof link === 'function' ? await applied(link, value) : await use(link, value, context)
      }
      return value
    }
  )
}

/** The compiler has seen that it takes what the link before it returns. */
function applied(link: (value: never) => unknown, value: unknown): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return link(value as never)
}

/** Items that a tool works on at the same time. */
const MAP_CONCURRENCY = 8
const MAP_ITEMS = 1000

/** The tool for each of `items`, some at a time; the results in their order. The first failure ends it. */
export function mapTool<In, Out>(
  init: ChainInit,
  each: TypedTool<In, Out>
): TypedTool<{ readonly items: readonly In[] }, Passed<Out>[]> {
  const inputSchema = {
    type: 'object',
    properties: {
      items: { type: 'array', maxItems: MAP_ITEMS, items: withoutDraft(each.inputSchema) }
    },
    required: ['items'],
    additionalProperties: false
  }
  const outputSchema = each.outputSchema && {
    type: 'array',
    items: withoutDraft(each.outputSchema)
  }
  return chain(
    { init, parts: [each], inputSchema, ...(outputSchema && { outputSchema }) },
    (input, context) => {
      const items = itemsOf(input)
      return eachOf(items, (item) => use(each, item, context), context.signal)
    }
  )
}

function itemsOf(input: unknown): readonly Json[] {
  const items: unknown = isJsonObject(input) ? input['items'] : undefined
  return Array.isArray(items) ? items : []
}

type InputOf<T> = T extends TypedTool<infer In, unknown> ? In : never
type OutputOf<T> = T extends TypedTool<never, infer Out> ? Out : never
/** An input that all of them take. */
type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All
) => void
  ? All
  : never

/** All tools at the same time for the same input; what they return under their names. One failure fails all. */
export function fanOut<const Tools extends Readonly<Record<string, TypedTool<never, unknown>>>>(
  init: ChainInit,
  tools: Tools
): TypedTool<
  Together<InputOf<Tools[keyof Tools]>>,
  { [Name in keyof Tools]: Passed<OutputOf<Tools[Name]>> }
> {
  const entries = Object.entries<Tool>(tools)
  const parts = entries.map(([, part]) => part)
  if (parts.length === 0) throw new TypeError(`"${init.id}" needs tools`)
  const inputSchema = { type: 'object', allOf: parts.map((part) => withoutDraft(part.inputSchema)) }
  return chain({ init, parts, inputSchema }, async (input, context) => {
    const failed = new AbortController()
    const signal = AbortSignal.any([context.signal, failed.signal])
    const inner = { ...context, signal, abortSignal: signal }
    try {
      return Object.fromEntries(
        await Promise.all(
          entries.map(async ([name, part]) => [name, await use(part, input, inner)])
        )
      )
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })
}

interface ChainParts {
  readonly init: ChainInit
  readonly parts: readonly Tool[]
  /** Whose input is that of the chain, unless there is an `inputSchema`. */
  readonly first?: Tool
  /** Whose output is that of the chain. */
  readonly last?: Tool
  readonly inputSchema?: JsonObject
  readonly outputSchema?: JsonObject
}

function chain<In, Out>(
  { init, parts, first, last, ...schemas }: ChainParts,
  execute: (input: unknown, context: ToolContext) => Promise<unknown>
): TypedTool<In, Out> {
  const { id, description, version, timeoutMs, concurrency, rate } = init
  const effects = [...new Set(parts.flatMap((part): readonly ToolEffect[] => part.effects))]
  const outputSchema = schemas.outputSchema ?? last?.outputSchema
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types are those of the parts, which the signatures above have joined
  return tool({
    id,
    description,
    effects,
    inputSchema: schemas.inputSchema ?? first?.inputSchema ?? {},
    ...(outputSchema && { outputSchema }),
    ...(version !== undefined && { version }),
    untrusted: parts.some((part) => part.untrusted),
    egress: parts.some((part) => part.egress),
    asks: parts.some((part) => part.asks),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(concurrency !== undefined && { concurrency }),
    ...(rate !== undefined && { rate }),
    parts,
    execute
  }) as TypedTool<In, Out>
}

/** One link, with the name of the part in what goes wrong between two of them. */
async function use(part: Tool, input: unknown, context: ToolContext): Promise<Json> {
  let parsed: unknown
  try {
    parsed = await part.parse(input)
  } catch (error) {
    if (!(error instanceof LumosError) || error.code !== 'TOOL_INPUT') throw error
    const reason = `${part.id}: ${String(error.details['reason'])}`
    throw new LumosError('TOOL_INPUT', { cause: error, details: { reason } })
  }
  return part.execute(parsed, context)
}

async function eachOf<T>(
  items: readonly Json[],
  work: (item: Json) => Promise<T>,
  signal: AbortSignal
): Promise<T[]> {
  const results: T[] = []
  const left = items.entries()
  const state = { failed: false }
  async function worker(): Promise<void> {
    for (const [index, item] of left) {
      if (state.failed) return
      signal.throwIfAborted()
      // oxlint-disable-next-line no-await-in-loop -- as many at a time as there are workers
      results[index] = await work(item)
    }
  }
  try {
    await Promise.all(Array.from({ length: MAP_CONCURRENCY }, worker))
  } catch (error) {
    state.failed = true
    throw error
  }
  return results
}

/** A schema inside another one is of its draft. */
function withoutDraft(schema: JsonObject): JsonObject {
  return { ...schema, $schema: undefined }
}
