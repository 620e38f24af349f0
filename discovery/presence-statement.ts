/** What a node says about itself every few seconds, and what is believed of it. */
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Verdict } from '../core/pubsub.ts'
import { statementFields } from './card-protocol.ts'

/** A peer that wants to be remembered longer without a word is asking too much. */
const MAX_TTL_MS = 6 * 60 * 60 * 1000

/** A node sends once in 4 s, and again soon after a change; more is noise. Tokens, and per second. */
const AUTHOR_BURST = 10
const AUTHOR_RATE = 2

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
  tokens: number
  /** Monotonic milliseconds of the last refill. */
  refilledAt: number
}

export function createStatementGate(clock: Clock): StatementGate {
  /** In order of last use, so that the first is the one to forget. */
  const authors = new Map<PeerIdText, Author>()

  function authorOf(peer: PeerIdText): Author {
    const now = clock.monotonic()
    const known = authors.get(peer)
    const author = known ?? { seq: 0, tokens: AUTHOR_BURST, refilledAt: now }
    authors.delete(peer)
    authors.set(peer, author)
    const [oldest] = authors.keys()
    if (authors.size > LIMITS.presenceAuthors.value && oldest !== undefined) authors.delete(oldest)
    const refill = ((now - author.refilledAt) / 1000) * AUTHOR_RATE
    author.tokens = Math.min(AUTHOR_BURST, author.tokens + refill)
    author.refilledAt = now
    return author
  }

  function judge(peer: PeerIdText, data: Uint8Array): Judgement {
    if (data.byteLength > LIMITS.presenceBytes.value) return { verdict: 'reject', why: 'oversize' }
    const author = authorOf(peer)
    // Honest peers relay what they have not yet seen over the rate: ignored, not held against them.
    if (author.tokens < 1) return { verdict: 'ignore', why: 'rate' }
    author.tokens -= 1
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
