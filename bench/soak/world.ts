/** What the load of the soak knows of the swarm: who is there, and whom to ask next. */
import type { Random } from '../../core/random.ts'
import type { SoakNode } from './node.ts'

export interface World {
  readonly nodes: readonly SoakNode[]
  readonly random: Random
}

/** What one piece of work did, and with whom: what it may be forgiven depends on who was away meanwhile. */
export interface Doing {
  /** Asks a node for something, at random among those that are up. */
  readonly node: () => SoakNode
  readonly random: Random
  /** Seconds are over for this one: work that only waits ends then. */
  readonly signal: AbortSignal
}

/** A kind of work, and how often all nodes together do it. */
export interface Kind {
  readonly perSecond: number
  readonly run: (doing: Doing) => Promise<unknown>
}

export type Kinds = Readonly<Record<string, Kind>>

/** Nobody is there who could do it: no failure, and no work. */
export class NobodyThere extends Error {}

export function pick<T>(random: Random, all: readonly T[]): T {
  const one = all[Math.floor(random.next() * all.length)]
  if (one === undefined) throw new NobodyThere()
  return one
}

/** The answer was not the one that had to come. */
export function insist(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(what)
}
