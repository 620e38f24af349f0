/** What the control API asks of a node about its swarm. */
import type {
  InviteDocument,
  InviteRequest,
  MemberRoleRequest,
  SwarmDocument
} from '../../client/swarm-api.ts'

/** `member` of nobody is MEMBER_UNKNOWN. */
export interface SwarmMemberOperations {
  show(): Promise<SwarmDocument>
  /** @throws SWARM_OPEN, SWARM_ROLE, INVITES_FULL */
  invite(request: InviteRequest): Promise<InviteDocument>
  withdraw(invite: string): Promise<SwarmDocument>
  /** @throws SWARM_ROLE */
  remove(member: string): Promise<SwarmDocument>
  /** @throws SWARM_ROLE */
  setRole(member: string, request: MemberRoleRequest): Promise<SwarmDocument>
  /** @throws SWARM_ROLE for the owner */
  leave(): Promise<SwarmDocument>
}
