/** What a node says by gossip, about itself and about peers it lost, and what is believed of it. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Verdict } from '../../core/pubsub.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import { peerId, statementFields } from '../cards/card-protocol.ts'

/** A peer that wants to be remembered longer without a word is asking too much. */
const MAX_TTL_MS = 6 * 60 * 60 * 1000

/** A node sends once in 4 s at most, and again soon after a change; more is noise. */
export const STATEMENTS = { burst: 10, rate: 2 }
/** Peers doubted: all session peers of a node may go at once, but not again and again. */
export const DOUBTS = { burst: LIMITS.presenceDoubts.value, rate: 0.2 }

const statement = z.object({
  v: z.literal(2),
  /** Greater in every statement of the node, also across restarts: the sender's clock at least. */
  seq: z.int().min(1),
  /** Milliseconds since the epoch. */
  sentAt: z.int().min(0),
  /** After this long without another statement the node counts as gone. */
  ttlMs: z.int().min(1000).max(MAX_TTL_MS),
  /** The node is about to stop. */
  leaving: z.boolean(),
  ...statementFields
})

export type Statement = z.infer<typeof statement>

const doubting = z.object({
  v: statement.shape.v,
  seq: statement.shape.seq,
  sentAt: statement.shape.sentAt,
  doubts: z
    .array(
      z.object({
        peer: peerId,
        /** The last statement that the author heard of the peer: a later one refutes it. */
        seq: z.int().min(0)
      })
    )
    .min(1)
    .max(LIMITS.presenceDoubts.value)
})

/** Its author lost these peers, and asks whether anybody hears them. */
export type Doubting = z.infer<typeof doubting>
export type Doubt = Doubting['doubts'][number]

export function encodeStatement(
  value: (Statement | Doubting) & { readonly [key: string]: Json }
): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

export type Judgement =
  | { readonly verdict: 'accept'; readonly statement: Statement }
  | { readonly verdict: 'accept'; readonly doubts: readonly Doubt[] }
  | { readonly verdict: Exclude<Verdict, 'accept'>; readonly why: Reason }

export type Reason = 'oversize' | 'malformed' | 'skewed' | 'rate' | 'replayed'

/** Decides which statements are believed and relayed. `author` has been verified by the carrier. */
export interface StatementGate {
  judge(author: PeerIdText, data: Uint8Array): Judgement
  /** Number of the last statement of the peer that was believed; 0 for one that was not heard. */
  lastOf(peer: PeerIdText): number
}

interface Author {
  /** Of its statements, and of its doubts: one may overtake the other. */
  readonly last: { statement: number; doubting: number }
  readonly statements: TokenBucket
  readonly doubts: TokenBucket
}

export function createStatementGate(clock: Clock): StatementGate {
  const authors = new RecentMap<PeerIdText, Author>(LIMITS.presenceAuthors.value)

  function authorOf(peer: PeerIdText): Author {
    const author = authors.get(peer) ?? {
      last: { statement: 0, doubting: 0 },
      statements: createTokenBucket({ clock }, STATEMENTS),
      doubts: createTokenBucket({ clock }, DOUBTS)
    }
    authors.set(peer, author)
    return author
  }

  function judge(peer: PeerIdText, data: Uint8Array): Judgement {
    if (data.byteLength > LIMITS.presenceBytes.value) return { verdict: 'reject', why: 'oversize' }
    const { last, statements, doubts } = authorOf(peer)
    // Honest peers relay what they have not yet seen over the rate: ignored, not held against them.
    if (!statements.take(1)) return { verdict: 'ignore', why: 'rate' }
    const parsed = parse(data)
    if (parsed === undefined) return { verdict: 'reject', why: 'malformed' }
    // Either clock may be wrong, so the sender is not punished. Bounds how long a replay could work.
    if (Math.abs(parsed.sentAt - clock.now()) > LIMITS.clockLeeway.value) {
      return { verdict: 'ignore', why: 'skewed' }
    }
    const kind = 'doubts' in parsed ? 'doubting' : 'statement'
    if (parsed.seq <= last[kind]) return { verdict: 'ignore', why: 'replayed' }
    last[kind] = parsed.seq
    if (!('doubts' in parsed)) return { verdict: 'accept', statement: parsed }
    if (!doubts.take(parsed.doubts.length)) return { verdict: 'ignore', why: 'rate' }
    return { verdict: 'accept', doubts: parsed.doubts }
  }

  return { judge, lastOf: (peer) => authors.get(peer)?.last.statement ?? 0 }
}

function parse(data: Uint8Array): Statement | Doubting | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data)
    const value: unknown = JSON.parse(text)
    const isDoubting = typeof value === 'object' && value !== null && 'doubts' in value
    return (isDoubting ? doubting : statement).safeParse(value).data
  } catch {
    return undefined
  }
}
