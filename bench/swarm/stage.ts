/** What all phases of the bench share: the swarm, chance, and the book of figures and promises. */
import type { Random } from '../../core/random.ts'
import { round } from './figures.ts'
import type { Fleet, Member } from './fleet.ts'

export interface Promised {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly limit: number
  readonly kept: boolean
}

export interface Durations {
  /** Until what a start leaves behind is done. */
  readonly settleMs: number
  readonly idleMs: number
  readonly churnMs: number
  readonly partitionMs: number
}

export interface Stage {
  readonly fleet: Fleet
  readonly random: Random
  readonly durations: Durations
  readonly book: Book
  readonly say: (line: string) => void
}

/** Session peers that a node keeps (docs/protocols/discovery.md), or all where there are fewer. */
export function targetPeers(nodes: number): number {
  return Math.min(8, nodes - 1)
}

export class Book {
  /** By phase. */
  readonly figures: Record<string, Readonly<Record<string, unknown>>> = {}
  readonly promises: Promised[] = []

  note(phase: string, figures: Readonly<Record<string, unknown>>): void {
    this.figures[phase] = { ...this.figures[phase], ...figures }
  }

  /** What is no number is not kept. */
  atMost(what: string, value: number, [limit, unit]: readonly [number, string]): void {
    this.promises.push({ what, value: round(value), unit, limit, kept: value <= limit })
  }

  /** A share, 0 to 1: nothing less than all of it is kept. */
  whole(what: string, share: number): void {
    const value = Math.floor(share * 10_000) / 100
    this.promises.push({ what, value, unit: '%', limit: 100, kept: share === 1 })
  }

  broken(): readonly Promised[] {
    return this.promises.filter(({ kept }) => !kept)
  }
}

/** Those of `phases` that are `wanted`, in their own order; each is told of before it begins. */
export async function playPhases<S>(
  phases: Readonly<Record<string, (stage: S) => Promise<void>>>,
  {
    wanted,
    begins
  }: { readonly wanted: readonly string[]; readonly begins: (name: string) => void },
  stage: S
): Promise<void> {
  for (const [name, phase] of Object.entries(phases)) {
    if (!wanted.includes(name)) continue
    begins(name)
    await phase(stage)
  }
}

export function pick<T>(random: Random, things: readonly T[]): T {
  const thing = things[Math.floor(random.next() * things.length)]
  if (thing === undefined) throw new Error('there is nothing to pick from')
  return thing
}

export function shuffled<T>(random: Random, things: readonly T[]): T[] {
  const left = [...things]
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random.next() * (at + 1))
    const [a, b] = [left[at], left[other]]
    if (a !== undefined && b !== undefined) [left[at], left[other]] = [b, a]
  }
  return left
}

export function seedOf(random: Random): number {
  return Math.floor(random.next() * 2 ** 32)
}

export function indexesOf(members: readonly Member[]): number[] {
  return members.map(({ index }) => index)
}
