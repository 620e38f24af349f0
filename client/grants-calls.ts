/** Calls of the control API about grants. */
import type { CreateGrantRequest, GrantDocument, GrantList } from './grants-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface GrantCalls {
  list(options?: CallOptions): Promise<GrantList>
  /** `grant`: a token, or the beginning or end of the id of one that this node gave or holds. */
  show(grant: string, options?: CallOptions): Promise<GrantDocument>
  create(request: CreateGrantRequest, options?: CallOptions): Promise<GrantDocument>
  /** Keeps a grant that was given to this node, and shows it to peers. */
  add(token: string, options?: CallOptions): Promise<GrantDocument>
  /** Takes back a grant that this node gave, everywhere. */
  revoke(id: string, options?: CallOptions): Promise<GrantDocument>
}

export function createGrantCalls({ get, post }: Verbs): GrantCalls {
  return {
    list: (options) => get('/v1/grants', options),
    show: (grant, options) => post('/v1/grants/show', { grant }, options),
    create: (request, options) => post('/v1/grants', request, options),
    add: (token, options) => post('/v1/grants/add', { token }, options),
    revoke: (id, options) => post('/v1/grants/revoke', { id }, options)
  }
}
