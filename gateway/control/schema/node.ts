/** What the control API says about the node, its peers and agents: schemas of client/api.ts. */
import { z } from 'zod'
import type { BlockRequest, PeerDetails } from '../../../client/peers-api.ts'
import type { DoctorFixed, DoctorReport } from '../../../client/doctor-api.ts'
import type * as api from '../../../client/api.ts'
import type { FindEvent } from '../../../client/find-api.ts'
import { card, skill } from './a2a.ts'
import { count, json, moment, ms, named, node, v, wireError } from './document.ts'

export const health: z.ZodType<api.Health> = named(
  'Health',
  z.strictObject({ v, ok: z.literal(true) })
)

const taskCounts = z.strictObject({ running: count, completed: count, failed: count })

export const status: z.ZodType<api.Status> = named(
  'Status',
  z.strictObject({
    v,
    peerId: z.string(),
    name: z.string(),
    version: z.string(),
    profile: z.string(),
    pid: count,
    socket: z.string(),
    swarm: z.string(),
    swarmId: z.string(),
    open: z.boolean().describe('True for a keyless swarm.'),
    addresses: z.array(z.string()),
    gateway: z
      .strictObject({
        url: z.string(),
        auth: z.array(z.enum(['token', 'jwt', 'certificate', 'open'])).describe('Ways to come in.')
      })
      .nullable()
      .describe('Where programs reach the swarm over HTTP; null when that door is shut.'),
    peers: count.describe('Peers with a session.'),
    agents: count.describe('Agents of this node.'),
    tasks: taskCounts.describe('Tasks that this node works on, since its start.'),
    asked: taskCounts.describe('Tasks that were asked for here, whoever works on them.'),
    uptimeMs: ms,
    rssBytes: count,
    eventLoopDelayMs: ms,
    problems: z.array(wireError).describe('Empty when all is well.')
  })
)

export const identity: z.ZodType<api.Identity> = named(
  'Identity',
  z.strictObject({
    v,
    peerId: z.string(),
    name: z.string(),
    swarm: z.string(),
    addresses: z.array(z.string())
  })
)

const path = z.enum(['direct', 'relay'])

export const peer: z.ZodType<api.Peer> = named(
  'Peer',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    state: z.enum(['connected', 'connecting', 'disconnected', 'refused', 'blocked']),
    path: path.exactOptional(),
    addresses: z.array(z.string()),
    rttMs: ms.nullable(),
    agents: z.array(z.string()),
    version: z.string().exactOptional(),
    load: z.number().exactOptional().describe('Running tasks per slot, 0 to 1.'),
    since: moment.exactOptional(),
    foundBy: z.array(z.string()),
    error: wireError.exactOptional().describe('Why it is not connected.')
  })
)

export const peerList: z.ZodType<api.PeerList> = named(
  'PeerList',
  z.strictObject({ v, peers: z.array(peer) })
)

export const peerDocument: z.ZodType<api.PeerDocument> = named(
  'PeerDocument',
  z.strictObject({ v, peer })
)

export const peerDetails: z.ZodType<PeerDetails> = named(
  'PeerDetails',
  z.strictObject({
    v,
    peer,
    role: z.string().exactOptional().describe('In the swarm; absent for one that is no member.'),
    quotas: z
      .record(z.string(), count)
      .describe('What this node lets the peer use at most, by its role: names of docs/limits.md.'),
    block: z
      .strictObject({
        at: moment,
        reason: z.string().exactOptional(),
        until: moment.exactOptional().describe('Without it, until it is taken back.')
      })
      .exactOptional(),
    blame: z
      .strictObject({ points: ms, reason: z.string().exactOptional(), agoMs: ms })
      .exactOptional()
      .describe('What it did that no honest peer does; fades within minutes.')
  })
)

export const blockRequest: z.ZodType<BlockRequest> = named(
  'BlockRequest',
  z.strictObject({
    reason: z.string().min(1).max(256).exactOptional(),
    forMs: z.int().positive().exactOptional().describe('Default: until it is taken back.')
  })
)

export const pingResult: z.ZodType<api.PingResult> = named(
  'PingResult',
  z.strictObject({ v, id: z.string(), name: z.string(), rttMs: ms, path })
)

export const agentSummary: z.ZodType<api.AgentSummary> = named(
  'AgentSummary',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    version: z.string(),
    skills: z.array(skill),
    node,
    local: z.boolean()
  })
)

export const agentList: z.ZodType<api.AgentList> = named(
  'AgentList',
  z.strictObject({
    v,
    agents: z.array(agentSummary),
    disabled: z
      .array(z.string())
      .exactOptional()
      .describe('Agents of this node that cannot be asked.')
  })
)

export const agentState: z.ZodType<api.AgentState> = named(
  'AgentState',
  z.strictObject({ v, id: z.string(), enabled: z.boolean() })
)

export const agentDetails: z.ZodType<api.AgentDetails> = named(
  'AgentDetails',
  z.strictObject({ v, agent: agentSummary, card })
)

const provider = z.strictObject({
  agent: z.string(),
  skill: z.string(),
  description: z.string(),
  node,
  local: z.boolean(),
  connected: z.boolean(),
  rttMs: ms.nullable(),
  load: z.number().nullable(),
  freshMs: ms.describe('Since the card or presence was last confirmed.'),
  score: z.number().describe('Higher fits better.')
})

export const findResult: z.ZodType<api.FindResult> = named(
  'FindResult',
  z.strictObject({
    v,
    query: z.string(),
    providers: z.array(provider),
    asked: z.strictObject({ directory: count, dht: z.boolean(), tookMs: ms })
  })
)

export const findEvent: z.ZodType<FindEvent> = named(
  'FindEvent',
  z.discriminatedUnion('type', [
    z.strictObject({ v, type: z.literal(['appeared', 'changed', 'vanished']), provider }),
    z
      .strictObject({ v, type: z.literal('ready') })
      .describe('Everybody who is known has been told.')
  ])
)

export const configDocument: z.ZodType<api.ConfigDocument> = named(
  'ConfigDocument',
  z.strictObject({
    v,
    values: z.array(z.strictObject({ key: z.string(), value: json, origin: z.string() }))
  })
)

export const doctorReport: z.ZodType<DoctorReport> = named(
  'DoctorReport',
  z.strictObject({
    v,
    checks: z.array(
      z.strictObject({
        area: z.string(),
        name: z.string(),
        state: z.enum(['ok', 'warning', 'critical', 'unknown']),
        text: z.string(),
        hint: z.string().exactOptional().describe('What to type.'),
        code: z.string().exactOptional().describe('The cause, for programs: docs/operations.md.'),
        tried: z
          .array(
            z.strictObject({
              step: z.string(),
              ok: z.boolean(),
              text: z.string(),
              tookMs: ms.exactOptional()
            })
          )
          .exactOptional()
          .describe('What was tried, in order.'),
        tookMs: ms.exactOptional(),
        fix: z.string().exactOptional().describe('What `POST /v1/doctor/fix` can mend.')
      })
    )
  })
)

export const doctorFixRequest = named(
  'DoctorFixRequest',
  z.strictObject({ fixes: z.array(z.string().min(1).max(256)).min(1).max(64) })
)

export const doctorFixed: z.ZodType<DoctorFixed> = named(
  'DoctorFixed',
  z.strictObject({
    v,
    done: z.array(z.strictObject({ fix: z.string(), ok: z.boolean(), text: z.string() }))
  })
)

export const stopResult: z.ZodType<api.StopResult> = named(
  'StopResult',
  z.strictObject({ v, pid: count })
)
