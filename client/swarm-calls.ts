/** Calls of the control API about the swarm and its members. */
import type {
  InviteDocument,
  InviteRequest,
  MemberRoleRequest,
  SwarmDocument
} from './swarm-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode } from './verbs.ts'

export interface SwarmCalls {
  show(options?: CallOptions): Promise<SwarmDocument>
  invite(request?: InviteRequest, options?: CallOptions): Promise<InviteDocument>
  withdraw(invite: string, options?: CallOptions): Promise<SwarmDocument>
  /** Sends a member away; the swarm gets a new key. `member`: name, PeerId or unique beginning. */
  remove(member: string, options?: CallOptions): Promise<SwarmDocument>
  setRole(
    member: string,
    role: MemberRoleRequest['role'],
    options?: CallOptions
  ): Promise<SwarmDocument>
  /** Tells the others that this node is out. */
  leave(options?: CallOptions): Promise<SwarmDocument>
}

export function createSwarmCalls({ get, post }: Verbs): SwarmCalls {
  return {
    show: (options) => get('/v1/swarm', options),
    invite: (request = {}, options) => post('/v1/swarm/invites', request, options),
    withdraw: (invite, options) =>
      post(`/v1/swarm/invites/${encode(invite)}/withdraw`, {}, options),
    remove: (selector, options) => post(memberPath(selector, 'remove'), {}, options),
    setRole: (selector, role, options) => post(memberPath(selector, 'role'), { role }, options),
    leave: (options) => post('/v1/swarm/leave', {}, options)
  }
}

function memberPath(selector: string, verb: string): string {
  return `/v1/swarm/members/${encode(selector)}/${verb}`
}
