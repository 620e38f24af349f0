/** Shared memory on request of a person: facts, and how the spaces stand. */
import { API_VERSION } from '../../client/api.ts'
import type {
  FactDocument,
  ImportRequest,
  ImportResult,
  MemoryEvent,
  MemoryStatus,
  NodeName,
  SpaceState
} from '../../client/memory-api.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Fact, FactEvent, Memory, SpaceMemory } from '../../core/memory.ts'
import type { Clock } from '../../core/clock.ts'
import type { MemoryOperations } from '../../gateway/control/memory-operations.ts'
import type { MemorySpace, SharedMemory } from '../../memory/shared-memory.ts'

export interface MemoryOperationsComponents {
  readonly clock: Clock
  readonly spaces: Pick<SharedMemory, 'spaces'>
  readonly memory: Memory
  /** Empty for a node that was never heard of. */
  readonly nameOf: (peer: PeerIdText) => string
}

export function createMemoryOperations(components: MemoryOperationsComponents): MemoryOperations {
  const { clock, memory, spaces, nameOf } = components
  return {
    async get(space, key) {
      const fact = await memory.space(space).get(key)
      if (fact === undefined) throw new LumosError('FACT_UNKNOWN', { details: { key, space } })
      return documentOf(space, fact)
    },
    put: async (space, { key, value, ttlMs }) =>
      documentOf(
        space,
        await memory.space(space).put(key, value, { ...(ttlMs !== undefined && { ttlMs }) })
      ),
    async remove(space, key) {
      await memory.space(space).delete(key)
      return { v: API_VERSION, space, key }
    },
    async list(space, { limit, ...range }) {
      // One more than is told, to know whether there is a next page.
      const facts = await Array.fromAsync(memory.space(space).list({ ...range, limit: limit + 1 }))
      const page = facts.slice(0, limit)
      const next = facts.length > limit ? (page.at(-1)?.key ?? '') : ''
      return { v: API_VERSION, space, facts: page, next }
    },
    async *watch(space, watch, signal) {
      for await (const event of memory.space(space).watch(watch, signal)) {
        yield eventOf(space, event)
      }
    },
    async history(space, key) {
      const facts = memory.space(space)
      const current = (await facts.get(key)) ?? null
      const all = await facts.history(key)
      const lost = all.filter(({ hlc }) => hlc !== current?.hlc)
      return { v: API_VERSION, space, key, current, lost }
    },
    search: async (space, request, signal) => ({
      v: API_VERSION,
      space,
      ...(await memory.space(space).search(request, signal))
    }),
    async *export(space, prefix) {
      const query = { ...(prefix !== undefined && { prefix }) }
      for await (const fact of memory.space(space).list(query)) yield documentOf(space, fact)
    },
    import: (space, request) => importFacts(memory.space(space), request, clock.now()),
    status: () => statusOf(spaces, nameOf)
  }
}

function documentOf(space: string, fact: Fact): FactDocument {
  return { v: API_VERSION, space, ...fact }
}

function eventOf(space: string, event: FactEvent): MemoryEvent {
  const head = { v: API_VERSION, space, position: event.position } as const
  if (event.type === 'put') return { ...head, type: 'put', ...event.fact }
  if (event.type === 'delete') return { ...head, type: 'delete', key: event.key }
  return { ...head, type: event.type }
}

async function importFacts(
  space: SpaceMemory,
  { facts }: ImportRequest,
  now: number
): Promise<ImportResult> {
  const alive = facts.flatMap(({ key, value, expiresAt }) => {
    const ttlMs = expiresAt === undefined ? Infinity : Date.parse(expiresAt) - now
    return ttlMs > 0 ? [{ key, value, ttlMs }] : []
  })
  // At once, so that they share writes to the disk.
  await Promise.all(
    alive.map(({ key, value, ttlMs }) =>
      space.put(key, value, { ...(ttlMs < Infinity && { ttlMs }) })
    )
  )
  const expired = facts.length - alive.length
  return { v: API_VERSION, space: space.name, written: alive.length, expired }
}

async function statusOf(
  spaces: Pick<SharedMemory, 'spaces'>,
  nameOf: (peer: PeerIdText) => string
): Promise<MemoryStatus> {
  const states = await Promise.all(spaces.spaces().map((space) => stateOf(space, nameOf)))
  return { v: API_VERSION, spaces: states }
}

async function stateOf(
  memory: MemorySpace,
  nameOf: (peer: PeerIdText) => string
): Promise<SpaceState> {
  const { peers, ...state } = await memory.status()
  const named = peers.map(({ peer, inSync, behind = null, ahead = null }) => ({
    ...nodeName(peer, nameOf),
    inSync,
    behind,
    ahead
  }))
  return { name: memory.space.name, id: memory.space.id, ...state, peers: named }
}

export function nodeName(peer: PeerIdText, nameOf: (peer: PeerIdText) => string): NodeName {
  return { id: peer, name: nameOf(peer) }
}
