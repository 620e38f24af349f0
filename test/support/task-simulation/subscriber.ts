/** A peer that follows a task at its worker, over the link, and comes back behind its last position. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import type { StreamResponse } from '../../../core/a2a.ts'
import { LumosError, toLumosError } from '../../../core/errors.ts'
import type { Random } from '../../../core/random.ts'
import { createA2aClient } from '../../../protocols/a2a/client.ts'
import { positionOf } from '../../../protocols/a2a/extensions.ts'
import type { Position } from '../../../protocols/a2a/extensions.ts'
import type { ManualClock } from '../manual-clock.ts'
import { textOfParts } from './agents.ts'
import type { CallerNode } from './caller-node.ts'
import { WORKER } from './link.ts'
import type { Trace } from './trace.ts'

export interface SubscriberComponents {
  readonly time: ManualClock
  readonly random: Random
  readonly trace: Trace
  /** What each position said, by `<caller>/<task>/<attempt>.<seq>`: it says so for ever. */
  readonly facts: Map<string, string>
}

export interface SubscriberInit {
  readonly caller: CallerNode
  readonly task: string
  readonly agent: string
  /** Milliseconds it takes to read one event. */
  readonly slownessMs: number
}

/** Between two visits at most, milliseconds. */
const AWAY_MS = 700

export class Subscriber {
  readonly problems: string[] = []
  /** Whether it has seen the end of the task, and its artifacts then. */
  ended = false
  state = ''
  /** Whether the worker has never told it anything: the task may not have come that far. */
  get isStranger(): boolean {
    return this.#held === undefined
  }

  readonly artifacts = new Map<string, string>()
  readonly init: SubscriberInit
  readonly #parts: SubscriberComponents
  #held: Position | undefined

  constructor(parts: SubscriberComponents, init: SubscriberInit) {
    this.#parts = parts
    this.init = init
  }

  /** Reads to the end of the task, in visits; never rejects. */
  async attend(isOver: () => boolean): Promise<void> {
    const { time, random } = this.#parts
    while (!this.ended && !isOver()) {
      try {
        await this.#visit()
      } catch (error) {
        const { code } = toLumosError(error)
        this.#parts.trace(() => `a subscriber is cut: ${code}`)
        // Nothing was seen of it while it ran: then only its end can be read.
        if (code === 'UNSUPPORTED_OPERATION') await this.#readEnd().catch(() => {})
      }
      await time.sleep(random.next() * AWAY_MS)
    }
  }

  async #visit(): Promise<void> {
    const { caller, agent: tenant, task: id, slownessMs } = this.init
    const { time, random } = this.#parts
    const session = await caller.sessions?.connect(WORKER)
    if (session === undefined) return
    const leaving = new AbortController()
    const { signal } = leaving
    const after = this.#held
    const opts = { signal, ...(after && { after }) }
    const stay = time.after(random.next() * AWAY_MS + slownessMs * 100, () =>
      leaving.abort(new LumosError('CANCELLED'))
    )
    try {
      for await (const update of createA2aClient(session).subscribeToTask({ tenant, id }, opts)) {
        this.#take(update)
        if (slownessMs > 0) await time.sleep(slownessMs)
      }
    } finally {
      stay()
    }
  }

  async #readEnd(): Promise<void> {
    const { caller, agent: tenant, task: id } = this.init
    const session = await caller.sessions?.connect(WORKER)
    if (session === undefined) return
    this.#take({ task: await createA2aClient(session).getTask({ tenant, id }, {}) })
  }

  #take(update: StreamResponse): void {
    const position = positionOf(update)
    if (position === undefined) {
      this.problems.push('an event without a position')
      return
    }
    this.#checkPlace(update, position)
    this.#apply(update, isSame(this.#held, position))
    this.#held = position
    const status = (update.task ?? update.statusUpdate)?.status
    if (status === undefined) return
    this.state = status.state
    this.ended = TERMINAL_STATES.has(status.state)
  }

  #checkPlace({ task, ...update }: StreamResponse, { attempt, seq }: Position): void {
    const held = this.#held
    const { caller, task: id } = this.init
    if (task !== undefined) {
      if (held !== undefined && attempt < held.attempt) {
        this.problems.push(`attempt ${attempt} came after ${held.attempt}`)
      }
      return
    }
    if (held === undefined || attempt !== held.attempt || seq !== held.seq + 1) {
      this.problems.push(`${attempt}.${seq} came after ${held?.attempt}.${held?.seq}`)
    }
    const name = `${caller.name}/${id}/${attempt}.${seq}`
    const said = JSON.stringify(update)
    const known = this.#parts.facts.get(name)
    if (known !== undefined && known !== said) {
      this.problems.push(`${attempt}.${seq} was ${known} and is ${said}`)
    }
    this.#parts.facts.set(name, said)
  }

  /** A Task of the position that is held says nothing of the artifacts that its reader has. */
  #apply({ task, artifactUpdate }: StreamResponse, isKnown: boolean): void {
    if (task !== undefined && !isKnown) {
      this.artifacts.clear()
      for (const { artifactId, parts } of task.artifacts ?? []) {
        this.artifacts.set(artifactId, textOfParts(parts))
      }
    }
    if (artifactUpdate === undefined) return
    const { artifact, append = false } = artifactUpdate
    const { artifactId: name, parts } = artifact
    const before = append ? (this.artifacts.get(name) ?? '') : ''
    this.artifacts.set(name, before + textOfParts(parts))
  }
}

function isSame(held: Position | undefined, { attempt, seq }: Position): boolean {
  return held?.attempt === attempt && held.seq === seq
}
