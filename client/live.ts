/** Tasks and events over one WebSocket that comes back by itself, and goes on where it broke off. */
import { TERMINAL_STATES } from '../core/a2a.ts'
import type { Message, StreamResponse, Task } from '../core/a2a.ts'
import { fullJitter } from '../core/backoff.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { MemoryEvent } from './memory-api.ts'
import type { NodeEvent, Topic } from './live-api.ts'
import { openLink } from './live-link.ts'
import type { Link, LiveTarget, Told } from './live-link.ts'
import { sleep } from './wait.ts'

export interface LiveOptions {
  readonly signal?: AbortSignal
}

export interface Placed<T> {
  readonly event: T
  /** Give it back as `after` to go on behind this event, also from another process. */
  readonly place: string
}

export interface FollowOptions extends LiveOptions {
  readonly after?: string
}

/** Failures are `LumosError`s. Whatever is under way when the connection breaks waits for the next one. */
export interface Live {
  /** Begins a task, or goes on with the one that `message.taskId` names; tells it until it ends or asks something. */
  send(agent: string, message: string | LiveMessage, options?: LiveOptions): Updates
  /** An own task from now on, or from behind a place. */
  follow(task: string, options?: FollowOptions): Updates
  task(id: string, options?: LiveOptions): Promise<Task>
  cancel(id: string, options?: LiveOptions): Promise<Task>
  /** Gives a task that waits what it asks for. */
  answer(task: string, text: string, options?: LiveOptions): Promise<Task>
  /** What happens at the node; `resync` says that what came before is not told. */
  watch(topics: readonly Topic[], options?: FollowOptions): AsyncGenerator<Placed<NodeEvent>>
  /** Everything in a space of shared memory, `ready`, and what changes. */
  watchMemory(
    space: string,
    options?: FollowOptions & { readonly prefix?: string }
  ): AsyncGenerator<Placed<MemoryEvent>>
  /** Ends all that is under way with CANCELLED; nothing is opened any more. */
  close(): void
}

export type Updates = AsyncGenerator<Placed<StreamResponse>>

/** What is not given is made. The same `messageId` to the same agent is the same task. */
export type LiveMessage = Pick<Message, 'parts'> & Partial<Message>

/** Full jitter: a node that comes back is not met by all at once. */
const BACKOFF = { first: 250, most: 15_000 }
/** Events that wait for a slow loop; then the node is asked to stop, and later to go on. */
const MOST_WAITING = 256

const random = {
  next: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
  bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count))
}

interface Wish {
  readonly call: string
  readonly params: JsonObject
}

export function createLive(target: LiveTarget): Live {
  return new Reconnecting(target)
}

class Reconnecting implements Live {
  readonly #target: LiveTarget
  readonly #closing = new AbortController()
  #link: Promise<Link> | undefined
  #number = 0

  constructor(target: LiveTarget) {
    this.#target = target
  }

  async *send(agent: string, message: string | LiveMessage, options: LiveOptions = {}): Updates {
    const said = typeof message === 'string' ? { parts: [{ text: message }] } : message
    const whole = { role: 'ROLE_USER', messageId: crypto.randomUUID(), ...said }
    let task = ''
    const wishOf = (place: string | undefined): Wish =>
      place === undefined || task === ''
        ? { call: 'SendStreamingMessage', params: json({ tenant: agent, message: whole }) }
        : { call: 'SubscribeToTask', params: { id: task } }
    for await (const placed of this.#updates(wishOf, options)) {
      task ||= idIn(placed.event)
      yield placed
      if (rests(placed.event)) return
    }
  }

  follow(id: string, options: FollowOptions = {}): Updates {
    return this.#updates(() => ({ call: 'SubscribeToTask', params: { id } }), options)
  }

  task(id: string, options?: LiveOptions): Promise<Task> {
    return this.#once({ call: 'GetTask', params: { id } }, options)
  }

  cancel(id: string, options?: LiveOptions): Promise<Task> {
    return this.#once({ call: 'CancelTask', params: { id } }, options)
  }

  async answer(taskId: string, text: string, options?: LiveOptions): Promise<Task> {
    const message = { role: 'ROLE_USER', messageId: crypto.randomUUID(), taskId, parts: [{ text }] }
    const configuration = { returnImmediately: true }
    const wish = { call: 'SendMessage', params: { message, configuration } }
    return (await this.#once<{ readonly task: Task }>(wish, options)).task
  }

  watch(topics: readonly Topic[], options: FollowOptions = {}) {
    return this.#stream<NodeEvent>(() => ({ call: 'Watch', params: { topics } }), options)
  }

  watchMemory(
    space: string,
    { prefix, ...options }: FollowOptions & { readonly prefix?: string } = {}
  ) {
    const params = { space, ...(prefix !== undefined && { prefix }) }
    return this.#stream<MemoryEvent>(() => ({ call: 'WatchMemory', params }), options)
  }

  close(): void {
    this.#closing.abort(new LumosError('CANCELLED'))
    this.#link?.then((link) => link.close()).catch(() => {})
  }

  /** Of a task. What is told first of one that goes on is what the caller has already. */
  async *#updates(wishOf: (place: string | undefined) => Wish, options: FollowOptions): Updates {
    let held = options.after
    for await (const placed of this.#stream<StreamResponse>(wishOf, options)) {
      if ('task' in placed.event && placed.place === held) continue
      held = placed.place
      yield placed
    }
  }

  async *#stream<T>(
    wishOf: (place: string | undefined) => Wish,
    { signal, after }: FollowOptions
  ): AsyncGenerator<Placed<T>> {
    const ended = this.#ended(signal)
    let place = after
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one link after the other
      const link = await this.#linked(ended)
      const inbox = createInbox()
      const id = this.#open(link, { ...wishOf(place), ...(place && { after: place }) }, inbox)
      try {
        for (;;) {
          // oxlint-disable-next-line no-await-in-loop -- one event after the other
          const told = await inbox.next(ended)
          if (told === 'lost') break
          if ('error' in told) throw fromWireError(told.error)
          if (!('event' in told)) return
          place = told.place
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as its call says
          yield { event: told.event as T, place }
          // The node has been asked to stop: whatever it sent before that came, it goes on behind this.
          if (inbox.isFull()) break
        }
      } finally {
        link.leave(id)
      }
    }
  }

  /** What changes nothing when it is asked twice: a task is begun under an id of its message. */
  async #once<T>(wish: Wish, { signal }: LiveOptions = {}): Promise<T> {
    const ended = this.#ended(signal)
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one link after the other
      const link = await this.#linked(ended)
      const inbox = createInbox()
      const id = this.#open(link, wish, inbox)
      try {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const told = await inbox.next(ended)
        if (told === 'lost') continue
        if ('error' in told) throw fromWireError(told.error)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as its call says
        if ('result' in told) return told.result as T
        throw new LumosError('INTERNAL')
      } finally {
        link.leave(id)
      }
    }
  }

  #open(link: Link, wish: Wish & { readonly after?: string }, inbox: Inbox): string {
    this.#number += 1
    const id = String(this.#number)
    link.call({ id, ...wish }, inbox.put)
    return id
  }

  #ended(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined
      ? this.#closing.signal
      : AbortSignal.any([signal, this.#closing.signal])
  }

  /** The link that there is, or the next one. @throws the reason of the signal, and what no later try gets over */
  async #linked(ended: AbortSignal): Promise<Link> {
    for (let attempt = 0; ; attempt += 1) {
      ended.throwIfAborted()
      this.#link ??= openLink(this.#target)
      const opening = this.#link
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        const link = await opening
        if (link.open) return link
        this.#forget(opening)
        if (attempt === 0) continue
      } catch (error) {
        this.#forget(opening)
        if (!(error instanceof LumosError) || error.code !== 'DAEMON_DOWN') throw error
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(fullJitter(random, attempt, BACKOFF), ended)
    }
  }

  #forget(link: Promise<Link>): void {
    if (this.#link === link) this.#link = undefined
  }
}

interface Inbox {
  readonly put: (told: Told) => void
  /** @throws the reason of the signal */
  next(ended: AbortSignal): Promise<Told>
  /** Whether more came than a loop that is slow should have waiting; it is emptied then. */
  isFull(): boolean
}

function createInbox(): Inbox {
  let waiting: Told[] = []
  let wake: (() => void) | undefined
  return {
    put(told) {
      if (waiting.length <= MOST_WAITING) waiting.push(told)
      wake?.()
    },
    async next(ended) {
      if (waiting.length === 0 && !ended.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
          ended.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      ended.throwIfAborted()
      return waiting.shift() ?? 'lost'
    },
    isFull() {
      if (waiting.length < MOST_WAITING) return false
      waiting = []
      return true
    }
  }
}

function idIn({ task }: StreamResponse): string {
  return task?.id ?? ''
}

/** Whether its caller has the next word, or nobody. */
function rests({ task, statusUpdate }: StreamResponse): boolean {
  const state = statusUpdate?.status.state ?? task?.status.state
  if (state === undefined) return false
  return (
    TERMINAL_STATES.has(state) ||
    state === 'TASK_STATE_INPUT_REQUIRED' ||
    state === 'TASK_STATE_AUTH_REQUIRED'
  )
}

/** Types of A2A are JSON, which TypeScript does not know of interfaces. */
function json(value: object): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return value as JsonObject
}
