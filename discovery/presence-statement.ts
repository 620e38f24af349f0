/** What a node says about itself every few seconds, and what is believed of it. */
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Verdict } from '../core/pubsub.ts'
import { RecentMap } from '../core/recent-map.ts'
import { createTokenBucket } from '../core/token-bucket.ts'
import type { TokenBucket } from '../core/token-bucket.ts'
import { statementFields } from './card-protocol.ts'

/** A peer that wants to be remembered longer without a word is asking too much. */
const MAX_TTL_MS = 6 * 60 * 60 * 1000

/** A node sends once in 4 s, and again soon after a change; more is noise. */
const STATEMENTS = { burst: 10, rate: 2 }

const statement = z.object({
  v: z.literal(1),
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

export function encodeStatement(value: Statement & { readonly [key: string]: Json }): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

export type Judgement =
  | { readonly verdict: 'accept'; readonly statement: Statement }
  | { readonly verdict: Exclude<Verdict, 'accept'>; readonly why: Reason }

export type Reason = 'oversize' | 'malformed' | 'skewed' | 'rate' | 'replayed'

/** Decides which statements are believed and relayed. `author` has been verified by the carrier. */
export interface StatementGate {
  judge(author: PeerIdText, data: Uint8Array): Judgement
}

interface Author {
  seq: number
  readonly statements: TokenBucket
}

export function createStatementGate(clock: Clock): StatementGate {
  const authors = new RecentMap<PeerIdText, Author>(LIMITS.presenceAuthors.value)

  function authorOf(peer: PeerIdText): Author {
    const author = authors.get(peer) ?? {
      seq: 0,
      statements: createTokenBucket({ clock }, STATEMENTS)
    }
    authors.set(peer, author)
    return author
  }

  function judge(peer: PeerIdText, data: Uint8Array): Judgement {
    if (data.byteLength > LIMITS.presenceBytes.value) return { verdict: 'reject', why: 'oversize' }
    const author = authorOf(peer)
    // Honest peers relay what they have not yet seen over the rate: ignored, not held against them.
    if (!author.statements.take(1)) return { verdict: 'ignore', why: 'rate' }
    const parsed = parse(data)
    if (parsed === undefined) return { verdict: 'reject', why: 'malformed' }
    // Either clock may be wrong, so the sender is not punished. Bounds how long a replay could work.
    if (Math.abs(parsed.sentAt - clock.now()) > LIMITS.clockLeeway.value) {
      return { verdict: 'ignore', why: 'skewed' }
    }
    if (parsed.seq <= author.seq) return { verdict: 'ignore', why: 'replayed' }
    author.seq = parsed.seq
    return { verdict: 'accept', statement: parsed }
  }

  return { judge }
}

function parse(data: Uint8Array): Statement | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data)
    return statement.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
