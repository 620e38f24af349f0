/** Shared memory as resources of MCP: one for each fact, `lumos-memory://SPACE/KEY`. */
import type { ReadResourceResult, Resource } from '@modelcontextprotocol/server'
import type { Json } from '../../core/json.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { MemoryOperations, SpaceOperations } from '../control/memory-operations.ts'

export interface MemoryResourcesComponents {
  readonly memory: Pick<MemoryOperations, 'get' | 'list' | 'watch'>
  readonly spaces: Pick<SpaceOperations, 'list'>
}

/** No interface: the SDK's results have room for more members. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- see above
export type ResourcePage = {
  readonly resources: Resource[]
  readonly nextCursor?: string
}

export interface MemoryResources {
  /** @throws INVALID_REQUEST for a cursor that no page told */
  list(cursor: string | undefined): Promise<ResourcePage>
  /** `undefined` for what is not there. */
  read(uri: string): Promise<ReadResourceResult | undefined>
  /** Calls `changed` at each change of that fact until the signal aborts; at once rejects for what is no fact's URI. */
  watch(uri: string, changed: () => void, signal: AbortSignal): Promise<void>
}

export const MEMORY_TEMPLATE = {
  uriTemplate: 'lumos-memory://{space}/{+key}',
  name: 'fact',
  title: 'Fact of shared memory',
  description:
    'What the nodes of the swarm know together under a key; the space of all is `shared`.'
}

const PAGE = 100
const URI = /^lumos-memory:\/\/([^/]+)\/(.+)$/

interface FactName {
  readonly space: string
  readonly key: string
}

export function createMemoryResources({
  memory,
  spaces
}: MemoryResourcesComponents): MemoryResources {
  /** From `after` on in `space`, then the spaces behind it in the order of their names. */
  async function page(from: FactName): Promise<ResourcePage> {
    const names = (await spaces.list()).spaces.map(({ name }) => name).toSorted()
    const resources: Resource[] = []
    let after = from.key
    for (const space of names.filter((name) => name >= from.space)) {
      const limit = PAGE - resources.length
      const query = { limit, reverse: false, ...(after !== '' && { after }) }
      const { facts, next } = await memory.list(space, query)
      resources.push(...facts.map(({ key, value }) => resourceOf({ space, key }, value)))
      if (next !== '') return { resources, nextCursor: cursorOf({ space, key: next }) }
      after = ''
      const following = names[names.indexOf(space) + 1]
      if (resources.length < PAGE || following === undefined) continue
      return { resources, nextCursor: cursorOf({ space: following, key: '' }) }
    }
    return { resources }
  }

  return {
    list: async (cursor) => page(cursor === undefined ? { space: '', key: '' } : placeOf(cursor)),
    async read(uri) {
      const name = parseUri(uri)
      if (name === undefined) return undefined
      try {
        const { value } = await memory.get(name.space, name.key)
        return { contents: [{ uri, mimeType: mediaTypeOf(value), text: textOf(value) }] }
      } catch (error) {
        if (error instanceof LumosError && ABSENT.has(error.code)) return undefined
        throw error
      }
    },
    async watch(uri, changed, signal) {
      const name = parseUri(uri)
      if (name === undefined) {
        throw invalidRequest('no URI of a fact')
      }
      const { space, key } = name
      let isNew = false
      for await (const event of memory.watch(space, { prefix: key }, signal)) {
        if (event.type === 'ready') isNew = true
        else if (event.type === 'reset') isNew = false
        else if (isNew && 'key' in event && event.key === key) changed()
      }
    }
  }
}

const ABSENT: ReadonlySet<string> = new Set(['FACT_UNKNOWN', 'SPACE_UNKNOWN'])

/** Slashes of a key stay what they are, as they mean the same in a path. */
function uriOf({ space, key }: FactName): string {
  const path = key.split('/').map(encodeURIComponent).join('/')
  return `lumos-memory://${encodeURIComponent(space)}/${path}`
}

function parseUri(uri: string): FactName | undefined {
  const [, space, key] = URI.exec(uri) ?? []
  if (space === undefined || key === undefined) return undefined
  if (uri.length > 4 * LIMITS.memoryKeyBytes.value) return undefined
  try {
    return { space: decodeURIComponent(space), key: decodeURIComponent(key) }
  } catch {
    return undefined
  }
}

function resourceOf(name: FactName, value: Json): Resource {
  return {
    uri: uriOf(name),
    name: name.key,
    description: `Fact of the space ${name.space}`,
    mimeType: mediaTypeOf(value)
  }
}

function mediaTypeOf(value: Json): string {
  return typeof value === 'string' ? 'text/plain' : 'application/json'
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
}

function cursorOf({ space, key }: FactName): string {
  return Buffer.from(JSON.stringify([space, key])).toString('base64url')
}

function placeOf(cursor: string): FactName {
  const reason = 'no cursor of a page before'
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [space, key]: unknown[] = Array.isArray(place) ? place : []
    if (typeof space === 'string' && typeof key === 'string') return { space, key }
  } catch (cause) {
    throw new LumosError('INVALID_REQUEST', { cause, details: { reason } })
  }
  throw invalidRequest(reason)
}
