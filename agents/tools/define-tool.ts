/** Makes tools of what people write, in this node's form or in that of Mastra's `createTool`. */
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { createJsonSchemaCheck } from './json-schema.ts'
import { asJson } from './json-value.ts'
import { isStandardSchema, issuesText, jsonSchemaOf } from './standard-schema.ts'
import type { Direction, StandardResult, StandardSchema } from './standard-schema.ts'
import type { Tool, ToolContext, ToolEffect } from './tool.ts'

export const TOOL_EFFECTS: readonly ToolEffect[] = ['read-private', 'network', 'write', 'execute']

/** A schema of any library that speaks Standard Schema, or JSON Schema as it is. */
export type ToolSchema = StandardSchema | JsonObject

export interface ToolDefinition<S extends ToolSchema, Out> {
  /** Letters, digits, `_` and `-`, at most 64. */
  readonly id: string
  /** For the model: what it does, and when to use it. */
  readonly description: string
  /** Describes an object; default: one without members. */
  readonly inputSchema?: S
  /** What does not fit it fails with TOOL_OUTPUT. */
  readonly outputSchema?: ToolSchema
  /** Default: none. */
  readonly effects?: readonly ToolEffect[]
  /** Default `1.0.0`. */
  readonly version?: string
  /** True when strangers wrote what comes out. */
  readonly untrusted?: boolean
  /** Default: true for a tool that reaches the network, writes or executes. */
  readonly egress?: boolean
  /** True: a person is asked before every call, unless a rule names the tool. */
  readonly asks?: boolean
  /** See {@link Tool}. */
  readonly timeoutMs?: number
  readonly concurrency?: number
  readonly rate?: number
  readonly parts?: readonly Tool[]
  execute(input: ParsedInput<S>, context: ToolContext): Out
}

/** What `execute` is given. */
export type ParsedInput<S> = S extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly output: infer Output }
    ? Output
    : never
  : JsonObject

/** What a caller gives: before defaults and conversions. */
export type GivenInput<S> = S extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : never
  : JsonObject

/** A tool whose types are known to the compiler: what chains are made of. */
export interface TypedTool<In, Out> extends Tool {
  /** Never there: it carries types only. */
  readonly '~types'?: { readonly takes: (input: In) => void; readonly gives: Out }
}

const TOOL_ID = /^[A-Za-z0-9_-]{1,64}$/

/** Known to every copy of this module: a file with tools may import another one than the node runs. */
const MADE = Symbol.for('lumos.tool.1')

/**
 * A tool, checked: `tool({ id, description, inputSchema, effects, execute(input, context) })`.
 *
 * @throws TypeError for what no model could use: a bad id, no description, a schema of no object
 */
export function tool<const S extends ToolSchema = JsonObject, Out = unknown>(
  definition: ToolDefinition<S, Out>
): TypedTool<GivenInput<S>, Awaited<Out>> {
  const { id, description, effects = [], inputSchema = NO_INPUT } = definition
  if (typeof id !== 'string' || !isToolId(id)) {
    throw new TypeError(`tool id "${id}" must match ${TOOL_ID.source}`)
  }
  if (typeof description !== 'string' || description.trim() === '') {
    throw new TypeError(`tool "${id}" needs a description`)
  }
  const strange = effects.find((effect) => !TOOL_EFFECTS.includes(effect))
  if (strange !== undefined) {
    throw new TypeError(`tool "${id}" has no effect "${strange}": ${TOOL_EFFECTS.join(', ')}`)
  }
  const input = readSchema(id, inputSchema, 'input')
  if (input.json['type'] !== 'object') {
    throw new TypeError(`the inputSchema of tool "${id}" must describe an object`)
  }
  const output = definition.outputSchema && readSchema(id, definition.outputSchema, 'output')
  const made = {
    id,
    description,
    version: definition.version ?? '1.0.0',
    effects: [...new Set(effects)],
    inputSchema: input.json,
    ...(output && { outputSchema: output.json }),
    untrusted: definition.untrusted ?? false,
    egress: definition.egress ?? effects.some((effect) => effect !== 'read-private'),
    asks: definition.asks ?? false,
    ...limitsOf(definition),
    ...(definition.parts && { parts: definition.parts }),
    parse: (value: unknown) => parseInput(input, value),
    execute: async (value: unknown, context: ToolContext) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parse() gave it
      const result: unknown = await definition.execute(value as ParsedInput<S>, context)
      return checkedOutput(result, { id, schema: output })
    }
  }
  return asMadeTool(made)
}

/** Marks what is a whole tool already, so that {@link asTool} takes it as it is. */
export function asMadeTool(made: Tool): Tool {
  return Object.defineProperty(made, MADE, { value: true, enumerable: true })
}

export function isToolId(id: string): boolean {
  return TOOL_ID.test(id)
}

const NO_INPUT = { type: 'object', properties: {}, additionalProperties: false }

function limitsOf(
  definition: Pick<Tool, 'id' | 'timeoutMs' | 'concurrency' | 'rate'>
): Pick<Tool, 'timeoutMs' | 'concurrency' | 'rate'> {
  const names = ['timeoutMs', 'concurrency', 'rate'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = definition[name]
      if (value === undefined) return []
      if (Number.isSafeInteger(value) && value > 0) return [[name, value]]
      throw new TypeError(`${name} of tool "${definition.id}" must be a whole number above 0`)
    })
  )
}

interface ReadSchema {
  readonly json: JsonObject
  readonly check: (value: unknown) => StandardResult<unknown> | PromiseLike<StandardResult<unknown>>
}

function readSchema(id: string, schema: ToolSchema, direction: Direction): ReadSchema {
  if (isStandardSchema(schema)) {
    return { json: jsonSchemaOf(schema, direction), check: schema['~standard'].validate }
  }
  if (!isJsonObject(schema)) {
    throw new TypeError(`the ${direction}Schema of tool "${id}" is no schema`)
  }
  // A schema may say so by its members alone.
  const json =
    schema['type'] === undefined && schema['properties'] !== undefined
      ? { type: 'object', ...schema }
      : schema
  const check = createJsonSchemaCheck(json)
  return { json, check: (value) => check(structuredClone(value)) }
}

async function parseInput({ check }: ReadSchema, value: unknown): Promise<unknown> {
  const result = await check(value)
  if (result.issues === undefined) return result.value
  throw inputFlaw(issuesText(result.issues))
}

export function inputFlaw(reason: string): LumosError {
  return new LumosError('TOOL_INPUT', { details: { reason } })
}

async function checkedOutput(
  value: unknown,
  { id, schema }: { readonly id: string; readonly schema: ReadSchema | undefined }
): Promise<Json> {
  const flaw = (reason: string): LumosError =>
    new LumosError('TOOL_OUTPUT', { details: { tool: id, reason } })
  const result = await schema?.check(value)
  if (result?.issues !== undefined) throw flaw(issuesText(result.issues))
  try {
    return asJson(result === undefined ? value : result.value)
  } catch (error) {
    throw flaw(error instanceof Error ? error.message : 'no JSON')
  }
}

/** Whether it came from {@link tool}, of whatever copy of it. */
export function isTool(value: object): value is Tool {
  return MADE in value
}

/**
 * A tool of whatever somebody brings: one that {@link tool} made, the definition of one, or what Mastra's
 * `createTool` (1.x) made. What does not say which effects it has is taken to reach the network
 * and to return what strangers wrote.
 *
 * @throws TypeError for what is no tool
 */
export function asTool(value: object): Tool {
  if (isTool(value)) return value
  if (!isDefinition(value)) throw new TypeError('no tool: id, description and execute are needed')
  const foreign = value.effects === undefined
  const { requireApproval = false } = value
  const made = tool({
    ...membersOf(value),
    ...(foreign && { effects: ['network'] as const, untrusted: true }),
    asks: (value.asks ?? false) || requireApproval !== false,
    execute: async (input, context) => answerOf(await value.execute(input, context))
  })
  // An instance checks its input itself, and a schema that converts cannot be applied twice.
  const checksItself = Object.getPrototypeOf(value) !== Object.prototype
  if (!checksItself) return made
  return { ...made, parse: async (input) => (await made.parse(input), input) }
}

/** Mastra's tools have it beside what a definition has. */
interface Definition extends ToolDefinition<ToolSchema, unknown> {
  /** True, or a function that decides for each call: a person is asked either way. */
  readonly requireApproval?: unknown
}

function isDefinition(value: object): value is Definition {
  return (
    typeof Reflect.get(value, 'id') === 'string' &&
    typeof Reflect.get(value, 'description') === 'string' &&
    typeof Reflect.get(value, 'execute') === 'function'
  )
}

/** What {@link tool} reads: members of a class instance are not there to be spread. */
function membersOf(definition: Definition): Omit<ToolDefinition<ToolSchema, unknown>, 'execute'> {
  const { id, description, inputSchema, outputSchema, effects, version, untrusted, egress } =
    definition
  return {
    id,
    description,
    ...(inputSchema && { inputSchema }),
    ...(outputSchema && { outputSchema }),
    ...(effects && { effects }),
    ...(typeof version === 'string' && { version }),
    ...(untrusted !== undefined && { untrusted }),
    ...(egress !== undefined && { egress }),
    ...limitsOf(definition)
  }
}

/** Mastra's tools return what is wrong with an input instead of throwing it. */
function answerOf(result: unknown): unknown {
  if (!isJsonObject(result) || result['error'] !== true) return result
  if (result['validationErrors'] === undefined) return result
  throw inputFlaw(typeof result['message'] === 'string' ? result['message'] : 'not valid')
}
