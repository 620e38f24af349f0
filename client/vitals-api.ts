/** The control API's documents about how the node is doing, now and in the last minutes. */

/** Tasks of one direction. Rates are per second, over the time of the sample. */
export interface TaskVitals {
  readonly started: number
  readonly completed: number
  /** Failed, rejected or cancelled. */
  readonly failed: number
  /** Not ended, just then. */
  readonly running: number
  /** Of those that run, the ones that wait for a place here; 0 for those that were asked for. */
  readonly queued: number
  /** Milliseconds from order to end, of those that ended in the last minute; null when none did. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  /** Of those that ended in the last minute, the part that did not complete; 0 when none did. */
  readonly errorRate: number
}

/** One look at the node. Rates are per second, over the time since the sample before. */
export interface VitalsSample {
  /** Counts the samples of this process, from 1. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** Milliseconds since the sample before. */
  readonly overMs: number
  /** Cores in use: 1 is one core, all of the time. */
  readonly cpu: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** How late the event loop was, in 99 of 100 turns and at worst. */
  readonly loopP99Ms: number
  readonly loopMaxMs: number
  /** Over the network to and from peers, as it goes over the wire. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Those this node works on, its own included. */
  readonly tasksIn: TaskVitals
  /** Those this node asked for, of itself or of others. */
  readonly tasksOut: TaskVitals
  /** Messages of gossip that came, and those of them that had come before. */
  readonly gossip: number
  readonly gossipDuplicates: number
  /** Entries of shared memory that changed here, whoever wrote them. */
  readonly memoryWrites: number
  /** Peers with a session. */
  readonly sessions: number
  readonly connections: { readonly direct: number; readonly relay: number }
}

/** What this node itself has measured of one peer. */
export interface PeerVitals {
  readonly id: string
  readonly name: string
  readonly path: 'direct' | 'relay'
  readonly rttMs: number | null
  /** Bytes per second, over the time of the latest sample. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** What the peer says of itself, 0 to 1. */
  readonly load?: number
  /** Tasks of ours that it has and works on. */
  readonly running: number
  /** Tasks of ours that wait there, or are on their way. */
  readonly queued: number
  /** Tasks of its own that this node has. */
  readonly serving: number
  /** Tasks of ours that it ended in the last minute, whatever came of them. */
  readonly donePerMinute: number
  readonly failedPerMinute: number
  /** Milliseconds from sending to the end, in the last minute. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

export interface Vitals {
  readonly v: 1
  /** The process that counts the samples: another one begins at 1 again. */
  readonly instance: string
  readonly uptimeMs: number
  /** The latest sample. */
  readonly now: VitalsSample
  /** Oldest first, `now` included; only those after `since`. */
  readonly history: readonly VitalsSample[]
  /** Those with a session. Empty when they were not asked for. */
  readonly peers: readonly PeerVitals[]
}

export interface VitalsQuery {
  /** `seq` of the last sample that is known. */
  readonly since?: number
  /** Default true. */
  readonly peers?: boolean
}
