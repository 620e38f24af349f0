/** The tasks as far as they were read, newest first: changed rows are read anew together, older ones on request. */
import { signal } from '@preact/signals-core'
import type { ReadonlySignal } from '@preact/signals-core'
import type { Client, NodeEvent, TaskList } from '../client/browser.ts'
import type { WebClock } from './clock.ts'

export type TaskRow = TaskList['tasks'][number]

export interface TaskRowsParts {
  readonly client: Pick<Client, 'task' | 'tasks'>
  readonly clock: WebClock
  readonly stopped: AbortSignal
}

export interface TaskRows {
  /** Undefined until the node has told. */
  readonly rows: ReadonlySignal<readonly TaskRow[] | undefined>
  /** Whether the node has older ones that were not read. */
  readonly hasOlder: ReadonlySignal<boolean>
  /** Counts what was told of any task: for pages that show one. */
  readonly news: ReadonlySignal<ReadonlyMap<string, number>>
  /** The newest. @throws as the client */
  read(): Promise<void>
  /** One more page. @throws as the client */
  readOlder(): Promise<void>
  told(event: Extract<NodeEvent, { readonly type: 'task' }>): void
}

/** Of the first page, which is read anew when something has changed. */
const PAGE = 200
/** What changes within this time is read together. */
const SETTLE_MS = 300
/** Held in the page; of older ones the node is asked again. */
const MOST = 20_000
/** Of old tasks that changed at once, those that are read one by one. */
const MOST_SINGLE = 20

export function createTaskRows(parts: TaskRowsParts): TaskRows {
  return new Rows(parts)
}

class Rows implements TaskRows {
  readonly #parts: TaskRowsParts
  readonly rows = signal<readonly TaskRow[] | undefined>(undefined)
  readonly hasOlder = signal(false)
  readonly news = signal<ReadonlyMap<string, number>>(new Map())
  readonly #changed = new Set<string>()
  #cursor = ''
  #isWaiting = false

  constructor(parts: TaskRowsParts) {
    this.#parts = parts
  }

  async read(): Promise<void> {
    const { client, stopped } = this.#parts
    const page = await client.tasks({ limit: PAGE }, { signal: stopped })
    if (page.next === '') {
      this.rows.value = page.tasks
      this.hasOlder.value = false
      return
    }
    if (this.#cursor === '') {
      this.#cursor = page.next
      this.hasOlder.value = true
    }
    this.#merge(page.tasks)
  }

  async readOlder(): Promise<void> {
    if (this.#cursor === '' || !this.hasOlder.peek()) return
    const { client, stopped } = this.#parts
    const page = await client.tasks({ limit: 1000, cursor: this.#cursor }, { signal: stopped })
    if (page.next !== '') this.#cursor = page.next
    this.#merge(page.tasks)
    this.hasOlder.value = page.next !== '' && (this.rows.peek()?.length ?? 0) < MOST
  }

  told({ id, state }: Extract<NodeEvent, { readonly type: 'task' }>): void {
    const news = this.news.peek()
    this.news.value = new Map(news).set(id, (news.get(id) ?? 0) + 1)
    const held = this.rows.peek()
    if (held?.some((row) => row.id === id && row.state !== state)) {
      this.rows.value = held.map((row) => (row.id === id ? { ...row, state } : row))
    }
    this.#changed.add(id)
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#parts.clock.after(SETTLE_MS, () => {
      this.#isWaiting = false
      // What fails is read anew with the next change, or when the link is back.
      if (!this.#parts.stopped.aborted) this.#readChanged().catch(() => {})
    })
  }

  async #readChanged(): Promise<void> {
    const { client, stopped } = this.#parts
    const ids = [...this.#changed]
    this.#changed.clear()
    await this.read()
    const newest = new Set(
      this.rows
        .peek()
        ?.slice(0, PAGE)
        .map(({ id }) => id)
    )
    const others = ids.filter((id) => !newest.has(id)).slice(0, MOST_SINGLE)
    const found = await Promise.allSettled(others.map((id) => client.task(id, { signal: stopped })))
    const rows = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value.task] : []))
    if (rows.length > 0) this.#merge(rows)
  }

  #merge(younger: readonly TaskRow[]): void {
    const all = new Map((this.rows.peek() ?? []).map((row) => [row.id, row]))
    for (const row of younger) all.set(row.id, row)
    this.rows.value = [...all.values()].toSorted(newestFirst).slice(0, MOST)
  }
}

function newestFirst(a: TaskRow, b: TaskRow): number {
  return a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? 1 : -1
}
