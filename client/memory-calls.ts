/** Calls of the control API about shared memory. */
import type {
  CreateSpaceRequest,
  FactDocument,
  FactHistory,
  FactHitList,
  FactKey,
  FactList,
  ForgetSpaceRequest,
  ForgottenSpace,
  GrantRequest,
  ImportRequest,
  ImportResult,
  MemoryEvent,
  MemoryStatus,
  PutRequest,
  SearchRequest,
  SpaceDocument,
  SpaceList
} from './memory-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode, overNetwork, query } from './verbs.ts'

export interface ListQuery {
  readonly prefix?: string
  readonly after?: string
  readonly limit?: number
  readonly reverse?: boolean
}

/** `space` is a name; `shared` is the one that every node has. */
export interface MemoryCalls {
  get(space: string, key: string, options?: CallOptions): Promise<FactDocument>
  /** Resolves when it is on the node's disk. */
  put(space: string, request: PutRequest, options?: CallOptions): Promise<FactDocument>
  remove(space: string, key: string, options?: CallOptions): Promise<FactKey>
  list(space: string, query?: ListQuery, options?: CallOptions): Promise<FactList>
  /** Everything, then `ready`, then what changes, until the loop is left. */
  watch(
    space: string,
    query?: Pick<ListQuery, 'prefix' | 'after'>,
    options?: CallOptions
  ): AsyncGenerator<MemoryEvent>
  history(space: string, key: string, options?: CallOptions): Promise<FactHistory>
  /** The first search of a large space takes seconds. */
  search(space: string, request: SearchRequest, options?: CallOptions): Promise<FactHitList>
  export(
    space: string,
    query?: Pick<ListQuery, 'prefix'>,
    options?: CallOptions
  ): AsyncGenerator<FactDocument>
  import(space: string, request: ImportRequest, options?: CallOptions): Promise<ImportResult>
  status(options?: CallOptions): Promise<MemoryStatus>
}

export interface SpaceCalls {
  list(options?: CallOptions): Promise<SpaceList>
  show(space: string, options?: CallOptions): Promise<SpaceDocument>
  create(request: CreateSpaceRequest, options?: CallOptions): Promise<SpaceDocument>
  grant(space: string, request: GrantRequest, options?: CallOptions): Promise<SpaceDocument>
  /** `peer` as in a grant. */
  revoke(space: string, peer: string, options?: CallOptions): Promise<SpaceDocument>
  /** Drops this node's copy, and takes the space up no more. */
  forget(
    space: string,
    request?: ForgetSpaceRequest,
    options?: CallOptions
  ): Promise<ForgottenSpace>
  /** Takes up again what was forgotten: peers bring what is in it. */
  join(space: string, options?: CallOptions): Promise<SpaceDocument>
}

export function createMemoryCalls({ get, post, stream }: Verbs): MemoryCalls {
  return {
    get: (space, key, options) => get(inMemory(space, 'fact') + query({ key }), options),
    put: (space, request, options) => post(inMemory(space, 'put'), request, options),
    remove: (space, key, options) => post(inMemory(space, 'remove'), { key }, options),
    list: (space, page = {}, options) =>
      get(inMemory(space, 'facts') + query({ ...page }), options),
    watch: (space, range = {}, options) =>
      stream({ method: 'GET', path: inMemory(space, 'watch') + query({ ...range }) }, options),
    history: (space, key, options) => get(inMemory(space, 'history') + query({ key }), options),
    search: (space, request, options) =>
      post(inMemory(space, 'search'), request, overNetwork(options)),
    export: (space, range = {}, options) =>
      stream({ method: 'GET', path: inMemory(space, 'export') + query({ ...range }) }, options),
    import: (space, request, options) => post(inMemory(space, 'import'), request, options),
    status: (options) => get('/v1/memory', overNetwork(options))
  }
}

export function createSpaceCalls({ get, post }: Verbs): SpaceCalls {
  return {
    list: (options) => get('/v1/spaces', options),
    show: (space, options) => get(spacePath(space), options),
    create: (request, options) => post('/v1/spaces', request, options),
    grant: (space, request, options) => post(`${spacePath(space)}/grant`, request, options),
    revoke: (space, peer, options) => post(`${spacePath(space)}/revoke`, { peer }, options),
    forget: (space, request = {}, options) => post(`${spacePath(space)}/forget`, request, options),
    join: (space, options) => post(`${spacePath(space)}/join`, {}, options)
  }
}

function inMemory(space: string, what: string): string {
  return `/v1/memory/${encode(space)}/${what}`
}

function spacePath(space: string): string {
  return `/v1/spaces/${encode(space)}`
}
