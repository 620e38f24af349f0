/** What each at the edge uses and keeps here: counted in the write that ends a task, so that no end counts twice. */
import type { Component } from '../../core/component.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Batches } from '../../storage/batches.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { outboxKeys } from '../caller/outbox-keys.ts'
import { del, parse, put } from '../stored-json.ts'
import { addUse, keptAfter, NO_USE, useOf } from './use.ts'
import type { DayOfUse, EdgeUse, EndedAtEdge, Kept } from './use.ts'

export interface EdgeAccountsComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** Asked when it is needed: the database may be opened after this was made. */
  readonly database: () => {
    readonly store: Pick<Store, 'iterate'>
    readonly batches: Pick<Batches, 'write'>
  }
}

export interface UseQuery {
  readonly owner?: string
  /** `2026-11-21`: this day (UTC) and those after it. */
  readonly since?: string
}

/** Started, it knows what was used in the runs before. Days are those of UTC. */
export interface EdgeAccounts extends Component {
  /** Its request came in. Written with the next end, or within LIMITS.usageDelay. */
  asked(owner: string): void
  /** It was turned away; likewise. */
  refused(owner: string): void
  /** What has to be written with the end of a task. */
  ended(end: EndedAtEdge, bytes: number): Operation[]
  /** Nothing was written. */
  notEnded(end: EndedAtEdge, bytes: number): void
  /** What has to be written when an ended task is forgotten. */
  forgotten(end: EndedAtEdge, bytes: number): Operation[]
  /** Of language models, read and written. */
  tokens(owner: string, period: 'day' | 'month'): number
  /** Ended tasks that can still be read. */
  kept(owner: string): Kept
  /** When the first of them ended, milliseconds since the epoch. */
  oldest(owner: string): Promise<number | undefined>
  /** Youngest day first; at most LIMITS.usageRows. */
  report(query: UseQuery): Promise<readonly DayOfUse[]>
}

/** Whose use is counted when a day has too many that nobody knows. */
export const OTHERS = 'http:others'

const DAY_MS = 86_400_000

export function createEdgeAccounts(components: EdgeAccountsComponents): EdgeAccounts {
  return new Book(components)
}

class Book implements EdgeAccounts {
  readonly #parts: EdgeAccountsComponents
  /** Of this month, by day and then by owner. */
  readonly #days = new Map<string, Map<string, EdgeUse>>()
  readonly #kept = new Map<string, Kept>()
  /** Rows that are not on disk as they are here. */
  readonly #changed = new Map<string, { readonly day: string; readonly owner: string }>()
  #cancelWrite: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: EdgeAccountsComponents) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { store } = this.#parts.database()
    this.#days.clear()
    this.#kept.clear()
    for await (const [key, value] of store.iterate(outboxKeys.allKept)) {
      this.#kept.set(outboxKeys.ownerOf(key), parse<Kept>(value))
    }
    const month = this.#today().slice(0, 7)
    for await (const { day, owner, ...use } of this.#rows(month)) {
      this.#dayOf(day).set(owner, use)
    }
  }

  async stop(): Promise<void> {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    this.#write()
    await this.#writing
  }

  asked(owner: string): void {
    this.#add(owner, { ...NO_USE, requests: 1 })
    this.#writeSoon()
  }

  refused(owner: string): void {
    this.#add(owner, { ...NO_USE, refused: 1 })
    this.#writeSoon()
  }

  ended(end: EndedAtEdge, bytes: number): Operation[] {
    const { edge } = end
    if (edge === undefined) return []
    const { day, owner } = this.#add(edge.owner, useOf(end, bytes))
    this.#changed.delete(outboxKeys.use(day, owner))
    return [this.#rowOf(day, owner), this.#keep(edge.owner, { tasks: 1, bytes })]
  }

  notEnded(end: EndedAtEdge, bytes: number): void {
    if (end.edge === undefined) return
    this.#add(end.edge.owner, useOf(end, bytes), -1)
    this.#keep(end.edge.owner, { tasks: -1, bytes: -bytes })
  }

  forgotten({ edge }: EndedAtEdge, bytes: number): Operation[] {
    return edge === undefined ? [] : [this.#keep(edge.owner, { tasks: -1, bytes: -bytes })]
  }

  tokens(owner: string, period: 'day' | 'month'): number {
    const today = this.#today()
    const wanted = period === 'day' ? today : today.slice(0, 7)
    let tokens = 0
    for (const [day, owners] of this.#days) {
      if (day.startsWith(wanted)) tokens += owners.get(owner)?.tokens ?? 0
    }
    return tokens
  }

  kept(owner: string): Kept {
    return this.#kept.get(owner) ?? { tasks: 0, bytes: 0 }
  }

  async oldest(owner: string): Promise<number | undefined> {
    const { store } = this.#parts.database()
    const range = outboxKeys.allOwned(owner)
    for await (const [key] of store.iterate(range, { limit: 1 })) return outboxKeys.ownedTimeOf(key)
    return undefined
  }

  async report({ owner, since = '' }: UseQuery): Promise<readonly DayOfUse[]> {
    this.#write()
    await this.#writing
    const rows: DayOfUse[] = []
    for await (const row of this.#rows(since)) {
      if (owner === undefined || row.owner === owner) rows.push(row)
    }
    return rows.toReversed().slice(0, LIMITS.usageRows.value)
  }

  /** Those of this day and later ones, oldest first. */
  async *#rows(since: string): AsyncIterable<DayOfUse> {
    const range = { ...outboxKeys.allUse, gte: outboxKeys.usesOf(since) }
    for await (const [key, value] of this.#parts.database().store.iterate(range)) {
      yield {
        ...parse<EdgeUse>(value),
        day: outboxKeys.dayOf(key),
        owner: outboxKeys.ownerOf(key)
      }
    }
  }

  #add(
    by: string,
    use: EdgeUse,
    sign: 1 | -1 = 1
  ): { readonly day: string; readonly owner: string } {
    const day = this.#today()
    const owners = this.#dayOf(day)
    const owner = owners.has(by) || owners.size < LIMITS.usageOwners.value ? by : OTHERS
    owners.set(owner, addUse(owners.get(owner) ?? NO_USE, use, sign))
    this.#changed.set(outboxKeys.use(day, owner), { day, owner })
    return { day, owner }
  }

  #dayOf(day: string): Map<string, EdgeUse> {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    // Quotas look no further back than this month.
    this.#write()
    for (const other of this.#days.keys()) {
      if (!other.startsWith(day.slice(0, 7)) && other < day) this.#days.delete(other)
    }
    const owners = new Map<string, EdgeUse>()
    this.#days.set(day, owners)
    return owners
  }

  #rowOf(day: string, owner: string): Operation {
    return put(outboxKeys.use(day, owner), this.#days.get(day)?.get(owner) ?? NO_USE)
  }

  #keep(owner: string, more: Kept): Operation {
    const kept = keptAfter(this.kept(owner), more)
    const key = outboxKeys.kept(owner)
    if (kept.tasks > 0) {
      this.#kept.set(owner, kept)
      return put(key, kept)
    }
    this.#kept.delete(owner)
    return del(key)
  }

  #writeSoon(): void {
    this.#cancelWrite ??= this.#parts.clock.after(LIMITS.usageDelay.value, () => {
      this.#cancelWrite = undefined
      this.#write()
    })
  }

  #write(): void {
    if (this.#changed.size === 0) return
    const { logger, database } = this.#parts
    const rows = [...this.#changed]
    const operations = rows.map(([, { day, owner }]) => this.#rowOf(day, owner))
    this.#changed.clear()
    this.#writing = this.#writing
      .then(() => this.#expire(operations))
      .then((all) => database().batches.write(all, false))
      .catch((error: unknown) => {
        for (const [key, row] of rows) this.#changed.set(key, row)
        logger.warn('what is used over HTTP cannot be written', { error })
      })
  }

  /** Forgets with them what nobody asks for any more. */
  async #expire(operations: readonly Operation[]): Promise<Operation[]> {
    const horizon = dayAt(this.#parts.clock.now() - LIMITS.usageDays.value * DAY_MS)
    const range = { ...outboxKeys.allUse, lt: outboxKeys.usesOf(horizon) }
    const all = [...operations]
    const old = this.#parts.database().store.iterate(range, { limit: LIMITS.usageOwners.value })
    for await (const [key] of old) all.push(del(key))
    return all
  }

  #today(): string {
    return dayAt(this.#parts.clock.now())
  }
}

function dayAt(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
