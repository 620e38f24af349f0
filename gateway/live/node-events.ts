/** What happens at this node, numbered, so that whoever was away for a moment misses nothing. */
import type { AgentSummary, Peer } from '../../client/api.ts'
import type { NodeEvent, Topic } from '../../client/live-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Placed } from '../../client/live.ts'
import { LOCAL_OWNER } from '../http/callers.ts'

/** News that come together are told together: a node that stops takes all its agents with it. */
const SETTLE_MS = 100
/** What a peer's state is made of changes without anybody saying so. */
const LOOK_AGAIN_MS = 2000

export type TaskNews = Omit<Extract<NodeEvent, { readonly type: 'task' }>, 'type'>

export interface NodeEventsComponents {
  readonly clock: Clock
  /** Names one life of this memory: places of another are worth nothing. */
  readonly newEpoch: () => string
  readonly peers: () => readonly Peer[]
  readonly agents: () => readonly AgentSummary[]
  /** Whether that owner may know of an agent. */
  readonly knows: (owner: string, agent: string) => boolean
  /** Calls when peers or agents may have changed, until the returned function is called. */
  readonly onNews: (listener: () => void) => () => void
}

export interface NodeWatchOptions {
  /** LOCAL_OWNER is told of all tasks. */
  readonly owner: string
  readonly signal: AbortSignal
  readonly after: string | undefined
}

export interface NodeEvents {
  /** A task of that owner is in another state. */
  taskChanged(owner: string, task: TaskNews): void
  /** From `after` on, or from now, which begins with `resync`. Ends with the signal. */
  watch(topics: ReadonlySet<Topic>, options: NodeWatchOptions): AsyncIterable<Placed<NodeEvent>>
}

interface Entry {
  readonly number: number
  readonly topic: Topic
  readonly event: NodeEvent
  /** Whom alone it is told, besides the user of this machine; absent: everybody with a right to the topic. */
  readonly owner?: string
}

/** Sleeps until somebody watches, and again some time after the last one has left. */
export function createNodeEvents(components: NodeEventsComponents): NodeEvents {
  return new Recent(components)
}

class Recent implements NodeEvents {
  readonly #parts: NodeEventsComponents
  readonly #told = new Map<string, string>()
  readonly #listeners = new Set<() => void>()
  #entries: Entry[] = []
  #last = 0
  #epoch: string | undefined
  #watchers = 0
  #cancelSleep: (() => void) | undefined
  #stopLooking: (() => void) | undefined

  constructor(parts: NodeEventsComponents) {
    this.#parts = parts
  }

  taskChanged(owner: string, task: TaskNews): void {
    if (this.#epoch === undefined) return
    this.#add({ topic: 'tasks', owner, event: { type: 'task', ...task } })
    this.#wake()
  }

  async *watch(
    topics: ReadonlySet<Topic>,
    { owner, signal, after }: NodeWatchOptions
  ): AsyncIterable<Placed<NodeEvent>> {
    const epoch = this.#join()
    try {
      let at = this.#numberOf(after)
      while (!signal.aborted) {
        if (at === undefined || !this.#holds(at)) {
          at = this.#last
          yield { event: { type: 'resync' }, place: `${epoch}.${at}` }
        }
        for (const entry of this.#entries.filter(({ number }) => number > (at ?? 0))) {
          at = entry.number
          if (!topics.has(entry.topic)) continue
          if (!this.#isFor(owner, entry)) continue
          yield { event: entry.event, place: `${epoch}.${at}` }
        }
        if (at === this.#last) await this.#news(signal)
      }
    } finally {
      this.#leave()
    }
  }

  #isFor(owner: string, { owner: alone = owner, event }: Entry): boolean {
    const { knows } = this.#parts
    if (event.type === 'agent') return knows(owner, event.agent.id)
    if (event.type === 'agent-gone') return knows(owner, event.id)
    return alone === owner || owner === LOCAL_OWNER
  }

  /** Whether all that came behind that number is still known. */
  #holds(number: number): boolean {
    return number >= (this.#entries[0]?.number ?? this.#last + 1) - 1
  }

  #numberOf(place: string | undefined): number | undefined {
    const [epoch, text = ''] = place?.split('.') ?? []
    if (epoch === undefined || epoch !== this.#epoch || !/^\d{1,15}$/.test(text)) return undefined
    const number = Number(text)
    return number <= this.#last ? number : undefined
  }

  #join(): string {
    this.#watchers += 1
    this.#cancelSleep?.()
    this.#epoch ??= this.#parts.newEpoch()
    if (this.#watchers === 1) this.#beginLooking()
    return this.#epoch
  }

  #leave(): void {
    this.#watchers -= 1
    if (this.#watchers > 0) return
    this.#stopLooking?.()
    this.#stopLooking = undefined
    this.#cancelSleep = this.#parts.clock.after(LIMITS.liveMemory.value, () => {
      this.#epoch = undefined
      this.#entries = []
      this.#told.clear()
    })
  }

  #beginLooking(): void {
    const { clock, onNews } = this.#parts
    let cancel: (() => void) | undefined
    const look = (): void => {
      this.#look()
      cancel = clock.after(LOOK_AGAIN_MS, look)
    }
    const stopNews = onNews(() => {
      cancel?.()
      cancel = clock.after(SETTLE_MS, look)
    })
    look()
    this.#stopLooking = () => {
      stopNews()
      cancel?.()
    }
  }

  /** Tells what is not as it was told. */
  #look(): void {
    const before = this.#last
    const gone = new Set(this.#told.keys())
    for (const peer of this.#parts.peers()) {
      const key = ['peers', peer.id] as const
      gone.delete(keyOf(key))
      this.#compare(key, stable(peer), { type: 'peer', peer })
    }
    for (const agent of this.#parts.agents()) {
      const key = ['agents', agent.id, agent.node.id] as const
      gone.delete(keyOf(key))
      this.#compare(key, agent, { type: 'agent', agent })
    }
    for (const key of gone) this.#vanished(key)
    if (this.#last !== before) this.#wake()
  }

  #compare(key: readonly [Topic, ...string[]], state: object, event: NodeEvent): void {
    const text = JSON.stringify(state)
    if (this.#told.get(keyOf(key)) === text) return
    this.#told.set(keyOf(key), text)
    this.#add({ topic: key[0], event })
  }

  #vanished(key: string): void {
    this.#told.delete(key)
    const [topic, id = '', node = ''] = key.split('\n')
    if (topic === 'peers') this.#add({ topic, event: { type: 'peer-gone', id } })
    else this.#add({ topic: 'agents', event: { type: 'agent-gone', id, node } })
  }

  #add(entry: Omit<Entry, 'number'>): void {
    this.#last += 1
    this.#entries.push({ ...entry, number: this.#last })
    if (this.#entries.length > 2 * LIMITS.liveEvents.value) {
      this.#entries = this.#entries.slice(-LIMITS.liveEvents.value)
    }
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#listeners.delete(settle)
        signal.removeEventListener('abort', settle)
        resolve()
      }
      this.#listeners.add(settle)
      signal.addEventListener('abort', settle)
    })
  }
}

function keyOf(parts: readonly string[]): string {
  return parts.join('\n')
}

/** Without what changes all the time. */
function stable({ id, name, state, path, agents, error }: Peer): object {
  return { id, name, state, path, agents, code: error?.code }
}
