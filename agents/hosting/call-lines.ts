/** The lines of calls, which both ends of a hosted project's pipe may make (docs/protocols/hosted-agents.md, 4). */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'

/** What failed; without a code it was no LumosError. */
export interface CallFailure {
  readonly code?: string
  readonly message: string
  readonly details?: JsonObject
}

interface OfCall {
  readonly run: string
  /** Chosen by the end that calls; unique among its open calls of the run. */
  readonly call: string
}

export type CallLine = OfCall &
  (
    | {
        readonly type: 'call'
        readonly method: string
        readonly params: JsonObject
        /** Items that may come before any `more`; without it the answer comes in one piece. */
        readonly window?: number
      }
    | { readonly type: 'item'; readonly value: Json }
    | { readonly type: 'reply'; readonly value?: Json; readonly error?: CallFailure }
    | { readonly type: 'more'; readonly count: number }
    | { readonly type: 'drop' }
  )

/** A line that is none; its message completes "the project wrote …". */
export class ProtocolFlaw extends Error {}

/**
 * `undefined` for a line of another type.
 *
 * @throws ProtocolFlaw
 */
export function parseCallLine(value: JsonObject): CallLine | undefined {
  const { type } = value
  switch (typeof type === 'string' ? type : '') {
    case 'call':
      return { type: 'call', ...ofCall(value), ...orderOf(value) }
    case 'item':
      return { type: 'item', ...ofCall(value), value: value['value'] ?? null }
    case 'reply':
      return { type: 'reply', ...ofCall(value), value: value['value'] ?? null, ...failureOf(value) }
    case 'more':
      return { type: 'more', ...ofCall(value), count: countOf(value, 'count') }
    case 'drop':
      return { type: 'drop', ...ofCall(value) }
    default:
      return undefined
  }
}

function ofCall(value: JsonObject): OfCall {
  return { run: textOf(value, 'run'), call: textOf(value, 'call') }
}

function orderOf(value: JsonObject) {
  const { params = {} } = value
  if (!isJsonObject(params)) throw new ProtocolFlaw('a "call" whose params are no object')
  const hasWindow = value['window'] !== undefined
  return {
    method: textOf(value, 'method'),
    params,
    ...(hasWindow && { window: countOf(value, 'window') })
  }
}

function failureOf({ error }: JsonObject): { error?: CallFailure } {
  return error === undefined || error === null ? {} : { error: parseFailure(error) }
}

/** What an end tells of a failure, however it tells it. */
export function parseFailure(error: Json): CallFailure {
  if (!isJsonObject(error)) return { message: JSON.stringify(error) }
  const { code, message, details } = error
  return {
    message: typeof message === 'string' ? message : '',
    ...(typeof code === 'string' && { code }),
    ...(isJsonObject(details) && { details })
  }
}

/** @throws ProtocolFlaw */
export function textOf(value: JsonObject, name: string): string {
  const text = value[name]
  if (typeof text === 'string' && text !== '') return text
  throw new ProtocolFlaw(`${kindOf(value)} without "${name}"`)
}

function countOf(value: JsonObject, name: string): number {
  const count = value[name]
  if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) return count
  throw new ProtocolFlaw(`${kindOf(value)} whose "${name}" is no whole number above 0`)
}

function kindOf({ type }: JsonObject): string {
  return `"${typeof type === 'string' ? type : 'agent'}"`
}
