/** What the control API says of how the node is doing: schemas of client/vitals-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/vitals-api.ts'
import { count, moment, ms, named, truth, v } from './document.ts'

const rate = z.number().min(0).describe('Per second, over the time of the sample.')
const fraction = z.number().min(0)

const tasks: z.ZodType<api.TaskVitals> = named(
  'TaskVitals',
  z.strictObject({
    started: rate,
    completed: rate,
    failed: rate.describe('Failed, rejected or cancelled, per second.'),
    running: count,
    queued: count.describe('Of those that run, the ones that wait for a place.'),
    p50Ms: ms.nullable().describe('From order to end, of those that ended in the last minute.'),
    p95Ms: ms.nullable(),
    errorRate: fraction.describe('Of those that ended in the last minute, did not complete.')
  })
)

const sample: z.ZodType<api.VitalsSample> = named(
  'VitalsSample',
  z.strictObject({
    seq: count.describe('Counts the samples of this process, from 1.'),
    at: moment,
    overMs: ms.describe('Since the sample before.'),
    cpu: fraction.describe('Cores in use: 1 is one core, all of the time.'),
    rssBytes: count,
    heapBytes: count,
    loopP99Ms: ms.describe('How late the event loop was, in 99 of 100 turns.'),
    loopMaxMs: ms,
    bytesIn: rate.describe('From peers, per second, as it goes over the wire.'),
    bytesOut: rate.describe('To peers, likewise.'),
    tasksIn: tasks.describe('Those this node works on, its own included.'),
    tasksOut: tasks.describe('Those this node asked for, of itself or of others.'),
    gossip: rate.describe('Messages of gossip that came, per second.'),
    gossipDuplicates: rate.describe('Of these, the ones that had come before.'),
    memoryWrites: rate.describe('Entries of shared memory that changed here, whoever wrote them.'),
    sessions: count,
    connections: z.strictObject({ direct: count, relay: count })
  })
)

const peer: z.ZodType<api.PeerVitals> = named(
  'PeerVitals',
  z.strictObject({
    id: z.string().describe('PeerId.'),
    name: z.string(),
    path: z.enum(['direct', 'relay']),
    rttMs: ms.nullable(),
    bytesIn: rate,
    bytesOut: rate,
    load: z.number().exactOptional().describe('What the peer says of itself, 0 to 1.'),
    running: count.describe('Tasks of this node that it works on.'),
    queued: count.describe('Tasks of this node that wait there, or are on their way.'),
    serving: count.describe('Tasks of its own that this node has.'),
    donePerMinute: count.describe('Tasks of this node that it ended in the last minute.'),
    failedPerMinute: count,
    p50Ms: ms.nullable().describe('From sending to the end, in the last minute.'),
    p95Ms: ms.nullable()
  })
)

export const vitals: z.ZodType<api.Vitals> = named(
  'Vitals',
  z.strictObject({
    v,
    instance: z.string().describe('The process that counts the samples.'),
    uptimeMs: ms,
    now: sample,
    history: z.array(sample).describe('Oldest first; only those after `since`.'),
    peers: z.array(peer).describe('Those with a session, by name.')
  })
)

export const vitalsQuery = z.strictObject({
  since: z.coerce
    .number<string>()
    .int()
    .min(0)
    .exactOptional()
    .describe('Only samples after the one of this number.'),
  peers: truth.exactOptional().describe('Whether to tell of peers, too; default true.')
}) satisfies z.ZodType<api.VitalsQuery>
