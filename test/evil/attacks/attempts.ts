/** What attacks share: trying again and again, and counting what came of it. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Kit } from '../attack.ts'

export interface Attempts {
  readonly done: number
  readonly failed: number
}

/** Repeats `action` until the attack is over; how often it worked and failed. */
export async function repeat(
  { signal }: Pick<Kit, 'signal'>,
  action: (round: number) => Promise<unknown>
): Promise<Attempts> {
  const count = { done: 0, failed: 0 }
  while (!signal.aborted) {
    // What fails at once would otherwise keep the signal from ever being raised.
    await turn()
    try {
      await action(count.done + count.failed)
      count.done += 1
    } catch {
      count.failed += 1
      await pause(5)
    }
  }
  return count
}

/** The same, so many at once. */
export async function repeatAtOnce(
  kit: Pick<Kit, 'signal'>,
  atOnce: number,
  action: (round: number) => Promise<unknown>
): Promise<Attempts> {
  const counts = await Promise.all(Array.from({ length: atOnce }, () => repeat(kit, action)))
  const sum = (key: keyof Attempts): number =>
    counts.reduce((total, count) => total + count[key], 0)
  return { done: sum('done'), failed: sum('failed') }
}

export function dial(node: Libp2p, { target, signal }: Kit): Promise<Connection> {
  return node.dial(multiaddr(target.address), { signal })
}

/** How often each came about. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  text(): string {
    const sorted = [...this.#counts].toSorted(([, a], [, b]) => b - a)
    return sorted.map(([what, count]) => `${count} × ${what}`).join(', ')
  }
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '?'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
