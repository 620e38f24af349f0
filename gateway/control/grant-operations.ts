/** What the control API asks of a node about grants. */
import type { CreateGrantRequest, GrantDocument, GrantList } from '../../client/grants-api.ts'

export interface GrantOperations {
  list(): Promise<GrantList>
  /** @throws GRANT_UNKNOWN, GRANT_INVALID for a token that cannot be read */
  show(grant: string): Promise<GrantDocument>
  /** @throws PEER_UNKNOWN, PEER_AMBIGUOUS, GRANT_INVALID, OVERLOADED */
  create(request: CreateGrantRequest): Promise<GrantDocument>
  /** @throws GRANT_INVALID */
  add(token: string): Promise<GrantDocument>
  /** @throws GRANT_UNKNOWN */
  revoke(id: string): Promise<GrantDocument>
}
