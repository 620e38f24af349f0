/** The part of the table of the control API that is about the swarm and its members. */
import { z } from 'zod'
import { documentRoute } from './route.ts'
import * as swarm from './schema/swarm.ts'

const oneInvite = z.strictObject({ invite: z.string().min(1).max(64).describe('Id of an invite.') })
const oneMember = z.strictObject({
  member: z.string().min(1).max(128).describe('Name, PeerId or unique prefix.')
})

export const swarmRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/swarm',
    id: 'swarm',
    summary: 'The swarm of this node, its members and the invites of this node',
    answer: swarm.swarmDocument,
    handle: (operations) => operations.members.show()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/swarm/invites',
    id: 'invite',
    summary: 'Makes an invite: one line of text by which another node joins',
    body: swarm.inviteRequest,
    answer: swarm.inviteDocument,
    audit: ({ body }) => body.role ?? 'member',
    handle: (operations, { body }) => operations.members.invite(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/swarm/invites/{invite}/withdraw',
    id: 'withdrawInvite',
    summary: 'Takes an invite back',
    params: oneInvite,
    answer: swarm.swarmDocument,
    handle: (operations, { params }) => operations.members.withdraw(params.invite)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/swarm/members/{member}/remove',
    id: 'removeMember',
    summary: 'Sends a member away and changes the key of the swarm',
    params: oneMember,
    answer: swarm.swarmDocument,
    handle: (operations, { params }) => operations.members.remove(params.member)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/swarm/members/{member}/role',
    id: 'setMemberRole',
    summary: 'Gives a member another role',
    params: oneMember,
    body: swarm.memberRoleRequest,
    answer: swarm.swarmDocument,
    handle: (operations, { params, body }) => operations.members.setRole(params.member, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/swarm/leave',
    id: 'leaveSwarm',
    summary: 'Tells the members that this node is out from now on',
    answer: swarm.swarmDocument,
    handle: (operations) => operations.members.leave()
  })
]
