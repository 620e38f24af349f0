/** Shared memory of a node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/memory-api.ts'
import type { MemoryOperations, SpaceOperations } from '../../gateway/control/memory-operations.ts'

const node = { id: '12D3KooWPeer', name: 'amber-otter' }
const moment = '2026-01-02T03:04:05.678Z'

export const FACT: api.FactDocument = {
  v: 1,
  space: 'shared',
  key: 'a/b',
  value: { deep: [{ a: null }] },
  writer: node.id,
  hlc: `${moment}-0003`,
  expiresAt: moment
}

const { v: _, space: __, ...fact } = FACT

export const MEMORY_EVENTS: readonly api.MemoryEvent[] = [
  { ...FACT, position: '0-1', type: 'put' },
  { v: 1, space: 'shared', position: '0-1', type: 'ready' },
  { v: 1, space: 'shared', position: '0-2', type: 'delete', key: 'a/b' },
  { v: 1, space: 'shared', position: '1-0', type: 'reset' }
]

const space: api.SpaceSummary = {
  name: 'team',
  id: '0f'.repeat(16),
  mode: 'members',
  sealed: true,
  owner: node,
  own: true
}

const spaceDocument: api.SpaceDocument = {
  v: 1,
  space: {
    ...space,
    limits: { valueBytes: 32_768, authorRecords: 10, authorBytes: 1000, tombstoneMs: 5 },
    grants: [{ peer: node, role: 'write', prefix: 'a/', until: moment }],
    revoked: [{ id: '12D3KooWOther', name: '' }]
  }
}

/** Replace what a test is about. */
export function fakeMemory(overrides: Partial<MemoryOperations> = {}): MemoryOperations {
  return {
    get: async () => FACT,
    put: async () => FACT,
    remove: async (name, key) => ({ v: 1, space: name, key }),
    list: async (name) => ({ v: 1, space: name, facts: [fact], next: 'a/b' }),
    watch: async function* () {
      yield* MEMORY_EVENTS
    },
    history: async (name, key) => ({ v: 1, space: name, key, current: fact, lost: [fact] }),
    search: async (name) => ({
      v: 1,
      space: name,
      hits: [{ fact, score: 1.5 }],
      complete: false
    }),
    export: async function* () {
      yield FACT
    },
    import: async (name, { facts }) => ({
      v: 1,
      space: name,
      written: facts.length,
      expired: 0
    }),
    status: async () => ({
      v: 1,
      spaces: [
        {
          name: 'shared',
          id: space.id,
          keys: 2,
          bytes: 400,
          writers: 1,
          root: '00'.repeat(16),
          stale: false,
          peers: [{ ...node, inSync: false, behind: null, ahead: 3 }]
        }
      ]
    }),
    ...overrides
  }
}

export function fakeSpaces(overrides: Partial<SpaceOperations> = {}): SpaceOperations {
  return {
    list: async () => ({
      v: 1,
      spaces: [space, { ...space, owner: null }],
      forgotten: [{ ...space, name: 'old', own: false }]
    }),
    show: async () => spaceDocument,
    create: async () => spaceDocument,
    grant: async () => spaceDocument,
    revoke: async () => spaceDocument,
    forget: async () => ({ v: 1, space }),
    join: async () => spaceDocument,
    ...overrides
  }
}
