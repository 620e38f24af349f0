/** Judges what others tell by gossip before it travels on: signatures, grants, age, rate. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { MessageHandler, Verdict } from '../../core/pubsub.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import type { Blame } from '../../trust/blame.ts'
import { decodeRecord } from '../replica/record.ts'
import type { MemoryRecord } from '../replica/record.ts'
import type { Receipt, RecordBatch, Replica } from '../replica/replica.ts'
import type { WriterName } from '../replica/writer.ts'
import { decodeLiveMessage } from './message.ts'
import type { Beacon, LiveMessage, Told } from './message.ts'

export interface LiveReceiverComponents {
  readonly clock: Clock
  readonly blame: Pick<Blame, 'add'>
  readonly queue: LiveQueue
  readonly replica: Pick<Replica, 'receive'>
  /** A node tells only what it wrote itself, so that who signed the message is the author. */
  readonly writerOf: (from: PeerIdText, told: Told) => WriterName
  /** Whether a peer may put records here, told or pushed; default: all may. */
  readonly mayWrite?: ((peer: PeerIdText) => boolean) | undefined
  /** `peers` know at least as much: who wrote it, and who passed it on. */
  readonly onTold: (writer: WriterName, last: number, peers: readonly PeerIdText[]) => void
  readonly onBeacon: (from: PeerIdText, beacon: Beacon) => void
}

/** Records of all spaces that wait to be verified. */
export interface LiveQueue {
  enter(records: number): boolean
  leave(records: number): void
}

export function createLiveQueue(): LiveQueue {
  let waiting = 0
  return {
    enter(records) {
      if (waiting + records > LIMITS.memoryLiveQueue.value) return false
      waiting += records
      return true
    },
    leave(records) {
      waiting -= records
    }
  }
}

/**
 * In points, of which one fades in ten seconds. Nobody honest forges. Unfit is also what comes from
 * a node that is behind, or when either clock is wrong: ten a second are forgiven.
 */
const POINTS = { forged: 1, unfit: 0.01, flood: 0.05 } as const

/**
 * What messages cost of their author's rate, in records, so that many small ones are no way around
 * it: an honest node sends a hundred with records a second at most, and four without.
 */
const LEAST_COST = 5
const EMPTY_COST = 20

export function createLiveReceiver(components: LiveReceiverComponents): MessageHandler {
  const { clock, blame, queue, replica } = components
  const authors = createAuthors(clock)

  async function receive(from: PeerIdText, batch: RecordBatch, told: Told): Promise<Verdict> {
    const { records } = batch
    try {
      const decoded = records.map(decodeRecord)
      const oldest = clock.now() - LIMITS.memoryLiveAge.value
      if (decoded.some(({ time }) => time.ms < oldest)) return unfit(from)
      const receipt = await replica.receive(batch)
      const isKnown = authors.note(from, told)
      if (receipt.refused.some(({ reason }) => reason === 'misfit')) return forged(from)
      const isReplay = isKnown && receipt.repeated === records.length
      // Whoever refuses for a time must not relay either: others would hold it against the author.
      if (receipt.refused.length === 0) return isReplay ? unfit(from) : 'accept'
      return isExcused(receipt, decoded, clock.now()) ? 'ignore' : unfit(from)
    } catch (error) {
      // Else it is this node that failed, perhaps for want of room.
      return toLumosError(error).code === 'RECORD_INVALID' ? forged(from) : 'ignore'
    }
  }

  async function queued(from: PeerIdText, told: Told, source: PeerIdText): Promise<Verdict> {
    const writer = components.writerOf(from, told)
    const { length } = told.records
    let verdict: Verdict = 'accept'
    if (length > 0) {
      if (!queue.enter(length)) return 'ignore'
      const batch = { writer, records: told.records, from: source }
      verdict = await receive(from, batch, told).finally(() => queue.leave(length))
    }
    if (verdict !== 'reject') components.onTold(writer, told.last, [from, source])
    return verdict
  }

  function forged(from: PeerIdText): Verdict {
    blame.add(from, POINTS.forged)
    return 'reject'
  }

  function unfit(from: PeerIdText): Verdict {
    blame.add(from, POINTS.unfit)
    return 'ignore'
  }

  return (from, data, source) => {
    let message
    try {
      message = decodeLiveMessage(data)
    } catch {
      return forged(from)
    }
    if (!authors.bucketOf(from).take(costOf(message))) {
      blame.add(from, POINTS.flood)
      return 'ignore'
    }
    if (message.kind === 'told') {
      // Whoever passes it on may not know yet that it may not.
      return components.mayWrite?.(from) === false ? 'ignore' : queued(from, message, source)
    }
    components.onBeacon(from, message)
    return 'accept'
  }
}

/**
 * Whoever follows a clock that is ahead by the skew is further ahead of one that is behind; and nobody knows for
 * whose records there is no room here, as where others have filled it with authors that they made up.
 */
function isExcused({ refused }: Receipt, records: readonly MemoryRecord[], now: number): boolean {
  if (refused.every(({ reason }) => reason === 'quota')) return true
  const latest = now + 2 * LIMITS.memorySkew.value
  return (
    refused.every(({ reason }) => reason === 'future') &&
    records.every(({ time }) => time.ms <= latest)
  )
}

function costOf(message: LiveMessage): number {
  if (message.kind === 'beacon' || message.records.length === 0) return EMPTY_COST
  return Math.max(LEAST_COST, message.records.length)
}

interface Authors {
  bucketOf(peer: PeerIdText): TokenBucket
  /** Whether a message of the author went as far before. */
  note(peer: PeerIdText, told: Told): boolean
}

interface Author {
  readonly bucket: TokenBucket
  nonce: string
  last: number
}

function createAuthors(clock: Clock): Authors {
  /** In order of last use, so that the first is the one to forget. */
  const authors = new RecentMap<PeerIdText, Author>(LIMITS.presenceAuthors.value)
  // Twice of what its author may send: messages are held up, and then come at once.
  const rate = { rate: 2 * LIMITS.memoryLiveRate.value, burst: 2 * LIMITS.memoryLiveBurst.value }

  function authorOf(peer: PeerIdText): Author {
    const bucket = createTokenBucket({ clock }, rate)
    const author = authors.get(peer) ?? { bucket, nonce: '', last: 0 }
    authors.set(peer, author)
    return author
  }

  return {
    bucketOf: (peer) => authorOf(peer).bucket,
    note(peer, { nonce, last }) {
      const author = authorOf(peer)
      const isKnown = author.nonce === nonce && last <= author.last
      author.last = author.nonce === nonce ? Math.max(author.last, last) : last
      author.nonce = nonce
      return isKnown
    }
  }
}
