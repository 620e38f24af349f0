/** Asks the node for what the user looks at, and for nothing else. */
import type { LogLine } from '../../client/api.ts'
import type { CallOptions, Client } from '../../client/calls.ts'
import type { Vitals } from '../../client/vitals-api.ts'
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { withFailure, withVitals, type Data, type Part } from './data.ts'
import { LogFollower } from './log-follower.ts'
import type { PaneId } from './panes.ts'
import { createTaskBook } from './task-book.ts'

/** The part of the client that is used. */
export type TopSource = Pick<
  Client,
  'status' | 'vitals' | 'peers' | 'peer' | 'agents' | 'tasks' | 'task' | 'logs'
> & { readonly memory: Pick<Client['memory'], 'status'> }

export interface Wants {
  readonly pane: PaneId
  /** The row whose details are shown. */
  readonly open: string | undefined
  readonly level: LogLine['level']
  /** Also the old tasks. */
  readonly whole: boolean
}

export type Change = (data: Data) => Data

export interface FeedComponents {
  readonly source: TopSource
  readonly clock: Clock
  readonly now: () => Data
  /** Hears what answers change; several of one moment are one change. */
  readonly apply: (change: Change) => void
}

/** A node that takes longer is in trouble, and that is what is shown. */
const ANSWER_MS = 5000
/** Asks all peers, under deadlines of its own. */
const SPACES_MS = 10_000
/** How often at most, in milliseconds: what changes rarely or costs much. What moves is in the vitals. */
const EVERY: Readonly<Partial<Record<Part, number>>> = {
  peers: 3000,
  agents: 5000,
  spaces: 10_000,
  peer: 2000
}

function withoutLost(data: Data): Data {
  const { lost: _, ...known } = data
  return known
}

const SAME: Change = (data) => data

export class Feed {
  readonly #parts: FeedComponents
  readonly #stop = new AbortController()
  readonly #options: CallOptions
  readonly #tasks = createTaskBook()
  readonly #logs: LogFollower
  /** When each thing was asked for last. */
  readonly #asked = new Map<string, number>()
  #spaces: Promise<void> = Promise.resolve()

  constructor(parts: FeedComponents) {
    this.#parts = parts
    this.#options = { signal: this.#stop.signal, timeoutMs: ANSWER_MS }
    this.#logs = new LogFollower(parts)
  }

  /** Resolves when the quick answers are there; never rejects. What takes the node long comes when it comes. */
  async collect(wants: Wants): Promise<void> {
    if (wants.pane === 'memory' && this.#isDue('spaces')) this.#spaces = this.#askSpaces()
    await this.#askQuick(wants)
    const isThere = this.#parts.now().lost === undefined && !this.#stop.signal.aborted
    this.#logs.follow(wants.pane === 'logs' && isThere ? wants.level : undefined)
  }

  /** The same, with all that is wanted, and the log as it is now. */
  async collectOnce(wants: Wants): Promise<void> {
    if (wants.pane === 'memory') this.#spaces = this.#askSpaces()
    await Promise.all([this.#askQuick(wants), this.#spaces])
    if (wants.pane === 'logs') await this.#logs.readOnce(wants.level)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#spaces, this.#logs.close()])
  }

  async #askQuick(wants: Wants): Promise<void> {
    const [status, ...others] = await Promise.all([
      this.#askStatus(),
      this.#askVitals(wants),
      ...this.#askPane(wants)
    ])
    this.#parts.apply((data) => {
      const told = status(data)
      // One failure says it all.
      return told.lost === undefined ? others.reduce((now, change) => change(now), told) : told
    })
  }

  async #askStatus(): Promise<Change> {
    const { source, clock } = this.#parts
    try {
      const status = await source.status(this.#options)
      return (data) => ({ ...withoutLost(data), status })
    } catch (cause) {
      if (this.#stop.signal.aborted) return SAME
      // All of it is asked for again when the node is back.
      this.#asked.clear()
      const error = toLumosError(cause).toWire()
      return (data) => ({ ...data, lost: { since: data.lost?.since ?? clock.now(), error } })
    }
  }

  #askVitals({ pane }: Wants): Promise<Change> {
    return this.#ask(
      'vitals',
      this.#readVitals(pane === 'peers'),
      (vitals) => (data) => withVitals(data, vitals)
    )
  }

  /** A new process counts its samples from 1: those it has are all new. */
  async #readVitals(peers: boolean): Promise<Vitals> {
    const { source, now } = this.#parts
    const { history, vitals: known } = now()
    const since = history.at(-1)?.seq
    const query = { peers, ...(since !== undefined && { since }) }
    const vitals = await source.vitals(query, this.#options)
    if (since === undefined || known?.instance === vitals.instance) return vitals
    return source.vitals({ peers }, this.#options)
  }

  #askPane({ pane, open, whole }: Wants): Promise<Change>[] {
    if (pane === 'peers') return this.#askPeers(open)
    if (pane === 'tasks') return this.#askTasks(open, whole)
    if (pane !== 'agents' || !this.#isDue('agents')) return []
    const answer = this.#parts.source.agents(this.#options)
    return [
      this.#ask('agents', answer, ({ agents }) => (data) => ({ ...data, agents }))
    ]
  }

  #askPeers(open: string | undefined): Promise<Change>[] {
    const { source } = this.#parts
    const calls: Promise<Change>[] = []
    if (this.#isDue('peers')) {
      const answer = source.peers(this.#options)
      calls.push(
        this.#ask('peers', answer, ({ peers }) => (data) => ({ ...data, peers }))
      )
    }
    if (open !== undefined && this.#isDue('peer', open)) {
      const answer = source.peer(open, this.#options)
      calls.push(this.#ask('peer', answer, (peer) => (data) => ({ ...data, peer })))
    }
    return calls
  }

  #askTasks(open: string | undefined, whole: boolean): Promise<Change>[] {
    const { source } = this.#parts
    const book = this.#tasks
    const read = book.read((query) => source.tasks(query, this.#options), whole)
    const list = this.#ask('tasks', read, () => (data) => ({
      ...data,
      tasks: book.tasks,
      hasMoreTasks: book.hasMore
    }))
    if (open === undefined) return [list]
    const answer = source.task(open, this.#options)
    return [
      list,
      this.#ask('task', answer, ({ task }) => (data) => ({ ...data, task }))
    ]
  }

  async #askSpaces(): Promise<void> {
    const { source, apply } = this.#parts
    const answer = source.memory.status({ ...this.#options, timeoutMs: SPACES_MS })
    apply(
      await this.#ask('spaces', answer, ({ spaces }) => (data) => ({ ...data, spaces }))
    )
  }

  /** What an answer changes, or what its failure does. */
  async #ask<T>(part: Part, answer: Promise<T>, take: (value: T) => Change): Promise<Change> {
    try {
      const change = take(await answer)
      return (data) => withFailure(change(data), part, undefined)
    } catch (cause) {
      if (this.#stop.signal.aborted) return SAME
      const error = toLumosError(cause)
      this.#asked.delete(part)
      if (part === 'vitals' && error.code === 'ROUTE_UNKNOWN') {
        return (data) => ({ ...data, vitals: null, history: [], peerVitals: [] })
      }
      return (data) => withFailure(data, part, error.toWire())
    }
  }

  /** Whether it is time to ask again. */
  #isDue(part: Part, name: string = part): boolean {
    const last = this.#asked.get(name)
    const now = this.#parts.clock.monotonic()
    if (last !== undefined && now - last < (EVERY[part] ?? 0)) return false
    this.#asked.set(name, now)
    return true
  }
}
