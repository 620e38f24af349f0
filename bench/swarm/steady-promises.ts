/** What a swarm at rest was promised to do, whether it is real or simulated. */
import type { Book } from './stage.ts'

/** Longest that a lookup, or gossip, may take (issue 10). */
const PROMPT_MS = 1000

interface Tried {
  /** Share, 0 to 1. */
  readonly success: number
  /** Milliseconds. */
  readonly p95: number
}

export interface SteadyFigures {
  readonly lookups: Tried
  /** Where there is a DHT to be asked alone. */
  readonly byDht?: Tried
  readonly newcomer: Tried
  readonly delegations: Pick<Tried, 'success'>
  readonly gossip: { readonly coverage: number; readonly p99: number }
  readonly memory: { readonly ms: number }
}

/** @param memoryMs - in which memory is to be equal everywhere */
export function promiseSteady(book: Book, figures: SteadyFigures, memoryMs: number): void {
  const { lookups, byDht, newcomer, delegations, gossip, memory } = figures
  const tried = (what: string, { success, p95 }: Tried): void => {
    book.whole(`steady: ${what.replace('lookup', 'lookups')} that succeed`, success)
    book.atMost(`steady: ${what}, p95`, p95, [PROMPT_MS, 'ms'])
  }
  tried('lookup', lookups)
  if (byDht !== undefined) tried('lookup by the DHT alone', byDht)
  tried('lookup by a newcomer', newcomer)
  book.whole('steady: delegations that succeed', delegations.success)
  book.whole('steady: nodes that gossip reaches', gossip.coverage)
  book.atMost('steady: gossip reaches a node, p99', gossip.p99, [PROMPT_MS, 'ms'])
  book.atMost('steady: memory is equal everywhere', memory.ms, [memoryMs, 'ms'])
}
