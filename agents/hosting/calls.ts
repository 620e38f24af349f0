/** What a hosted agent may ask of its node while it runs: other agents, and the shared memory. */
import { LumosError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Fact, SpaceMemory } from '../../core/memory.ts'
import type { AgentRequest } from '../agent.ts'
import { partsOf, ProtocolFlaw } from './protocol.ts'
import type { CallMethod, HostedCall } from './protocol.ts'

/** Facts of one page: what the control API gives at most, too. */
const PAGE = 500

export type Reply = { readonly value: Json } | { readonly error: WireError }

/** Never rejects: what failed is told to the agent. */
export async function answerCall(
  call: HostedCall,
  request: Pick<AgentRequest, 'ask' | 'memory'>
): Promise<Reply> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parts and facts are JSON
    return { value: ((await valueOf(call, request)) ?? null) as Json }
  } catch (error) {
    return { error: wireErrorOf(error) }
  }
}

async function valueOf(
  { method, params }: HostedCall,
  { ask, memory }: Pick<AgentRequest, 'ask' | 'memory'>
): Promise<unknown> {
  if (method === 'ask') return ask(text(params, 'target'), partsOf(params['input']))
  const { space: name } = params
  const space = memory.space(typeof name === 'string' ? name : undefined)
  const calls: Readonly<Record<Exclude<CallMethod, 'ask'>, () => Promise<unknown>>> = {
    'memory.get': () => space.get(text(params, 'key')),
    'memory.put': () => put(space, params),
    'memory.delete': () => space.delete(text(params, 'key')),
    'memory.list': () => list(space, params),
    'memory.history': () => space.history(text(params, 'key')),
    'memory.search': () =>
      space.search(isJsonObject(params['query']) ? params['query'] : text(params, 'query'))
  }
  return calls[method]()
}

function put(space: SpaceMemory, params: JsonObject): Promise<Fact> {
  const { value = null, ttlMs } = params
  return space.put(text(params, 'key'), value, { ...(typeof ttlMs === 'number' && { ttlMs }) })
}

function list(space: SpaceMemory, { query }: JsonObject): Promise<Fact[]> {
  const { limit, ...rest } = isJsonObject(query) ? query : {}
  const most = typeof limit === 'number' ? Math.min(limit, PAGE) : PAGE
  return Array.fromAsync(space.list({ ...rest, limit: most }))
}

function text(params: JsonObject, name: string): string {
  const value = params[name]
  if (typeof value === 'string') return value
  throw new ProtocolFlaw(`a "call" without "${name}"`)
}

function wireErrorOf(error: unknown): WireError {
  if (error instanceof LumosError) return error.toWire()
  const reason = error instanceof ProtocolFlaw || error instanceof TypeError ? error.message : ''
  return new LumosError(reason === '' ? 'INTERNAL' : 'INVALID_REQUEST', {
    details: { reason }
  }).toWire()
}
