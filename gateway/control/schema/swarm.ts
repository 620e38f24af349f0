/** What the control API says about the swarm, and what it is asked: schemas of client/swarm-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/swarm-api.ts'
import { LIMITS } from '../../../core/limits.ts'

const v = z.literal(1)
const time = z.iso.datetime()
const roles = ['owner', 'admin', 'member', 'worker', 'client', 'relay'] as const
const inviteRole = z.enum(['member', 'worker', 'client', 'relay'])

const member = z.strictObject({
  id: z.string(),
  former: z.array(z.string()).describe('PeerIds that it had before this one, the last first.'),
  name: z.string().describe('Empty for one that nobody has told of.'),
  standing: z.enum([...roles, 'removed', 'left']),
  by: z.string().describe('PeerId of who said so.'),
  since: time,
  connected: z.boolean()
}) satisfies z.ZodType<api.SwarmMember>

const invite = z.strictObject({
  id: z.string(),
  role: inviteRole,
  expiresAt: time,
  uses: z.int(),
  used: z.int()
}) satisfies z.ZodType<api.SwarmInvite>

export const swarmDocument = z.strictObject({
  v,
  swarm: z.strictObject({
    name: z.string(),
    id: z.string(),
    kind: z.enum(['open', 'key', 'members']),
    role: z.enum(roles).nullable(),
    owner: z.string().nullable(),
    key: z.strictObject({ epoch: z.int(), known: z.boolean() })
  }),
  members: z.array(member),
  invites: z.array(invite)
}) satisfies z.ZodType<api.SwarmDocument>

export const inviteRequest = z.strictObject({
  role: inviteRole.exactOptional(),
  lifetimeMs: z.int().min(1000).max(LIMITS.inviteAge.value).exactOptional(),
  uses: z.int().min(1).max(LIMITS.inviteUses.value).exactOptional()
}) satisfies z.ZodType<api.InviteRequest>

export const inviteDocument = z.strictObject({
  v,
  invite,
  text: z.string().describe('`lumos1_…`: whoever has it can join.'),
  founded: z.boolean().describe('From now on the swarm has a list of members.')
}) satisfies z.ZodType<api.InviteDocument>

export const memberRoleRequest = z.strictObject({
  role: z.enum(['admin', 'member', 'worker', 'client', 'relay'])
}) satisfies z.ZodType<api.MemberRoleRequest>
