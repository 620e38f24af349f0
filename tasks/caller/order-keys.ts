/** Finds the order that somebody gave before under a key of his own, mostly without asking the disk. */
import { createKnownKeys } from './known-keys.ts'
import type { KnownKeys } from './known-keys.ts'
import type { OutboxStore } from './outbox-store.ts'

/** For orders of this process, and those of earlier ones that the store has. */
export class OrderKeys {
  /** Of orders that have not ended: their keys may still be on their way to the disk. */
  readonly #open = new Map<string, string>()
  readonly #store: Pick<OutboxStore, 'findKey' | 'keys'>
  readonly #known: KnownKeys

  constructor(store: Pick<OutboxStore, 'findKey' | 'keys'>) {
    this.#store = store
    this.#known = createKnownKeys({ read: () => this.#all() })
  }

  /** The id of an order that has not ended. */
  openUnder(key: string | undefined): string | undefined {
    return key === undefined ? undefined : this.#open.get(key)
  }

  /** The id of an order that has ended; asked before `open`, so that this process's own are known. */
  async endedUnder(key: string | undefined): Promise<string | undefined> {
    if (key === undefined || this.#open.has(key) || !this.#known.mayBeKept(key)) return undefined
    return this.#store.findKey(key)
  }

  open(key: string | undefined, id: string): void {
    if (key === undefined) return
    this.#open.set(key, id)
    this.#known.add(key)
  }

  /** It has ended, and the store has it; or it has never been. */
  close(key: string | undefined): void {
    if (key !== undefined) this.#open.delete(key)
  }

  stop(): Promise<void> {
    this.#open.clear()
    return this.#known.stop()
  }

  async *#all(): AsyncIterable<string> {
    yield* this.#open.keys()
    yield* this.#store.keys()
  }
}
