/** What the node is just now, as signals: read whole once, kept true by events, read anew after each gap. */
import { batch, signal } from '@preact/signals-core'
import type { ReadonlySignal } from '@preact/signals-core'
import type { AgentSummary, Client, NodeEvent, Peer, Placed, Status } from '../client/browser.ts'
import type { WebClock } from './clock.ts'
import { codeOf } from './failure.ts'
import { createTaskRows } from './task-rows.ts'
import type { TaskRows } from './task-rows.ts'
import { createVitalsRing } from './vitals-ring.ts'
import type { VitalsRing } from './vitals-ring.ts'

/** `polling`: a node without events, which is asked instead. */
export type LinkState = 'connecting' | 'live' | 'polling' | 'lost'

/** Told by the node, or `alive`: it has nothing to tell, and is there. */
export type Heard = Placed<NodeEvent> | 'alive'

export interface LiveParts {
  readonly client: Pick<Client, 'agents' | 'peers' | 'status' | 'tasks' | 'task' | 'vitals'>
  readonly clock: WebClock
  /** Events from behind that place on, or from now; fails when the connection breaks. */
  readonly listen: (after: string | undefined, signal: AbortSignal) => AsyncIterable<Heard>
  /** Before the next frame is drawn; however often things change, they are shown once a frame. */
  readonly onFrame: (action: () => void) => void
  /** Whether anybody looks: a hidden page asks for nothing that is only shown. */
  readonly isVisible: () => boolean
  /** The node no longer knows who this is. */
  readonly onRefused: (reason: unknown) => void
  /** 0 to 1. */
  readonly random: () => number
}

export interface LiveStore {
  readonly link: ReadonlySignal<LinkState>
  /** Why the last thing that was asked came to nothing; undefined while all is well. */
  readonly failure: ReadonlySignal<unknown>
  /** Undefined until the node has told. */
  readonly status: ReadonlySignal<Status | undefined>
  readonly peers: ReadonlySignal<readonly Peer[] | undefined>
  readonly agents: ReadonlySignal<readonly AgentSummary[] | undefined>
  /** Ids of agents of this node that cannot be asked. */
  readonly disabled: ReadonlySignal<readonly string[]>
  readonly tasks: TaskRows
  readonly vitals: VitalsRing
  /** Milliseconds since the epoch, once a second while somebody looks: for "3 s ago". */
  readonly now: ReadonlySignal<number>
  /** Reads everything anew, for example after something was done. */
  refresh(): Promise<void>
  /** The page is seen again, or the machine woke up: what is silent is given up at once. */
  wake(): void
  stop(): void
}

/** Two heartbeats of the node (docs/protocols/live.md), and some. */
const SILENCE_MS = 35_000
const FIRST_WAIT_MS = 250
const MOST_WAIT_MS = 10_000
/** What has no event of its own: load, round trips, counters. */
const LOOK_MS = 5000
/** Of a node that tells no events. */
const POLL_MS = 3000
const TICK_MS = 1000

/** Starts at once. */
export function createLiveStore(parts: LiveParts): LiveStore {
  const store = new Store(parts)
  store.start()
  return store
}

class Store implements LiveStore {
  readonly #parts: LiveParts
  readonly #ended = new AbortController()
  readonly link = signal<LinkState>('connecting')
  readonly failure = signal<unknown>(undefined)
  readonly status = signal<Status | undefined>(undefined)
  readonly peers = signal<readonly Peer[] | undefined>(undefined)
  readonly agents = signal<readonly AgentSummary[] | undefined>(undefined)
  readonly disabled = signal<readonly string[]>([])
  readonly tasks: TaskRows
  readonly vitals: VitalsRing
  readonly now
  #place: string | undefined
  #waiting: NodeEvent[] = []
  #reading: Promise<void> | undefined
  #drop: (() => void) | undefined
  #skipWait: (() => void) | undefined
  #heardAt = 0

  constructor(parts: LiveParts) {
    this.#parts = parts
    const { clock } = parts
    this.now = signal(clock.now())
    const stopped = this.#ended.signal
    this.tasks = createTaskRows({ ...parts, stopped })
    this.vitals = createVitalsRing({ ...parts, stopped, onWork: () => this.#readTasks() })
  }

  start(): void {
    this.#every(TICK_MS, () => {
      this.now.value = this.#parts.clock.now()
    })
    this.#every(LOOK_MS, () => this.#look())
    void this.#stayLinked()
    void this.vitals.read()
  }

  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
    this.#flush()
  }

  wake(): void {
    this.now.value = this.#parts.clock.now()
    if (this.#parts.clock.now() - this.#heardAt > SILENCE_MS / 2) this.#drop?.()
    this.#skipWait?.()
    this.#look()
  }

  stop(): void {
    this.#ended.abort()
    this.#drop?.()
  }

  /** One connection after the other, until the page goes. */
  async #stayLinked(): Promise<void> {
    const { signal: stopped } = this.#ended
    for (let attempt = 0; !stopped.aborted; attempt += 1) {
      const before = this.#heardAt
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other
      const outcome = await this.#linkOnce()
      if (stopped.aborted || outcome === 'refused') return
      if (this.#heardAt !== before) attempt = 0
      const wait = outcome === 'no events' ? POLL_MS : this.#backoff(attempt)
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (outcome === 'no events') await this.#poll()
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#wait(wait)
    }
  }

  async #linkOnce(): Promise<'lost' | 'no events' | 'refused'> {
    const link = new AbortController()
    this.#drop = () => link.abort()
    let cancel = this.#parts.clock.after(SILENCE_MS, this.#drop)
    try {
      for await (const heard of this.#parts.listen(this.#place, link.signal)) {
        cancel()
        cancel = this.#parts.clock.after(SILENCE_MS, this.#drop)
        this.#heardAt = this.#parts.clock.now()
        this.link.value = 'live'
        if (heard !== 'alive') this.#take(heard)
      }
    } catch (error) {
      const code = codeOf(error)
      if (code === 'API_TOKEN_REFUSED') {
        this.#parts.onRefused(error)
        return 'refused'
      }
      if (code === 'ROUTE_UNKNOWN') return 'no events'
      if (!link.signal.aborted) this.failure.value = error
    } finally {
      cancel()
      link.abort()
    }
    if (this.link.value !== 'connecting') this.link.value = 'lost'
    return 'lost'
  }

  #take({ event, place }: Placed<NodeEvent>): void {
    this.#place = place
    if (event.type === 'resync') {
      // What waits was told before the gap: what is read now is younger.
      this.#waiting = []
      void this.refresh()
      return
    }
    this.#waiting.push(event)
    if (this.#waiting.length === 1) this.#parts.onFrame(() => this.#flush())
  }

  /** Events that came while everything was read are younger than what was read, or will be said again. */
  #flush(): void {
    if (this.#reading !== undefined || this.#waiting.length === 0) return
    const events = this.#waiting
    this.#waiting = []
    batch(() => {
      applyPeers(this.peers, events)
      applyAgents(this.agents, events)
      for (const event of events) if (event.type === 'task') this.tasks.told(event)
    })
  }

  async #read(): Promise<void> {
    const { client } = this.#parts
    const { signal: stopped } = this.#ended
    const outcomes = await Promise.allSettled([
      client.status({ signal: stopped }).then((status) => (this.status.value = status)),
      client.peers({ signal: stopped }).then(({ peers }) => (this.peers.value = peers)),
      this.#readAgents(),
      this.tasks.read()
    ])
    if (stopped.aborted) return
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    this.failure.value = failed?.reason
    if (codeOf(failed?.reason) === 'API_TOKEN_REFUSED') this.#parts.onRefused(failed?.reason)
  }

  /** Tasks of others have no event here. */
  #readTasks(): void {
    if (this.link.value === 'live' && this.#reading === undefined) this.tasks.read().catch(() => {})
  }

  async #readAgents(): Promise<void> {
    const { agents, disabled = [] } = await this.#parts.client.agents({
      signal: this.#ended.signal
    })
    batch(() => {
      this.agents.value = agents
      this.disabled.value = disabled
    })
  }

  async #poll(): Promise<void> {
    await this.refresh()
    this.link.value = codeOf(this.failure.value) === 'DAEMON_DOWN' ? 'lost' : 'polling'
  }

  /** What events do not say. A node that is away is asked for nothing: its return is noticed elsewhere. */
  #look(): void {
    if (!this.#parts.isVisible() || this.link.value !== 'live' || this.#reading) return
    // A failure here is seen by the link, too.
    this.#lookOnce().catch(() => {})
  }

  async #lookOnce(): Promise<void> {
    const { client } = this.#parts
    const options = { signal: this.#ended.signal }
    const [status, { peers }] = await Promise.all([client.status(options), client.peers(options)])
    batch(() => {
      this.status.value = status
      if (this.#waiting.length === 0) this.peers.value = peers
    })
  }

  /** Full jitter, so that the tabs of many people do not come back all at once. */
  #backoff(attempt: number): number {
    return Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + this.#parts.random() / 2)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#skipWait = undefined
        resolve()
      }
      const cancel = this.#parts.clock.after(ms, done)
      this.#skipWait = done
      this.#ended.signal.addEventListener('abort', done, { once: true })
    })
  }

  #every(ms: number, action: () => void): void {
    const again = (): void => {
      if (this.#ended.signal.aborted) return
      if (this.#parts.isVisible()) action()
      this.#parts.clock.after(ms, again)
    }
    this.#parts.clock.after(ms, again)
  }
}

function applyPeers(
  peers: { value: readonly Peer[] | undefined },
  events: readonly NodeEvent[]
): void {
  const changed = events.filter(({ type }) => type === 'peer' || type === 'peer-gone')
  if (changed.length === 0 || peers.value === undefined) return
  const all = new Map(peers.value.map((peer) => [peer.id, peer]))
  for (const event of changed) {
    if (event.type === 'peer') all.set(event.peer.id, event.peer)
    else if (event.type === 'peer-gone') all.delete(event.id)
  }
  peers.value = [...all.values()]
}

function applyAgents(
  agents: { value: readonly AgentSummary[] | undefined },
  events: readonly NodeEvent[]
): void {
  const changed = events.filter(({ type }) => type === 'agent' || type === 'agent-gone')
  if (changed.length === 0 || agents.value === undefined) return
  const all = new Map(agents.value.map((agent) => [`${agent.node.id}\n${agent.id}`, agent]))
  for (const event of changed) {
    if (event.type === 'agent') all.set(`${event.agent.node.id}\n${event.agent.id}`, event.agent)
    else if (event.type === 'agent-gone') all.delete(`${event.node}\n${event.id}`)
  }
  agents.value = [...all.values()]
}
