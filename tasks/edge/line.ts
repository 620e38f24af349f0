/** Where tasks of the edge wait while many are on their way to the agent that they are for: owners take turns. */
import type { Clock } from '../../core/clock.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createFairLine } from '../worker/fair-line.ts'
import type { FairLine } from '../worker/fair-line.ts'
import type { EdgeMark } from './orders.ts'

/**
 * A worker takes turns between peers, and holds only so many tasks of one. To it all who come in here are this
 * node: without the line, one of them would fill that place, and the others be refused.
 */
export interface EdgeLine {
  /** `undefined` when the task may go now; else resolves when it may. @throws OVERLOADED */
  join(edge: EdgeMark): Promise<void> | undefined
  /** One that may have gone was begun, has ended or will not go: the next one may. */
  begun(edge: EdgeMark): void
  /** Those who wait are refused with SHUTTING_DOWN. */
  stop(): void
}

/** What is on its way to one agent, and what waits for that. */
interface Desk {
  before: number
  readonly line: FairLine
}

/** Of the line, so that others find room in it. */
const MOST_OF_ONE = 1 / 4
const SOON_MS = 1000

export function createEdgeLine({ clock }: { readonly clock: Pick<Clock, 'after'> }): EdgeLine {
  return new Line(clock)
}

class Line implements EdgeLine {
  readonly #clock: Pick<Clock, 'after'>
  readonly #desks = new Map<string, Desk>()
  /** By owner. */
  readonly #waiting = new Counts<string>()
  readonly #refusals = new Set<(error: LumosError) => void>()

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  join(edge: EdgeMark): Promise<void> | undefined {
    const name = deskOf(edge)
    const desk = this.#desks.get(name) ?? { before: 0, line: createFairLine() }
    const most = LIMITS.tenantTasksInLine.value
    const own = this.#waiting.of(edge.owner)
    const hasRoom = desk.before < LIMITS.tenantTasksBefore.value
    if (!hasRoom && (this.#refusals.size >= most || own >= most * MOST_OF_ONE)) {
      throw overloaded()
    }
    this.#desks.set(name, desk)
    if (!hasRoom) return this.#wait(desk, edge)
    desk.before += 1
    return undefined
  }

  begun(edge: EdgeMark): void {
    const name = deskOf(edge)
    const desk = this.#desks.get(name)
    if (desk === undefined) return
    const next = desk.line.next()
    if (next !== undefined) return next()
    desk.before -= 1
    if (desk.before === 0) this.#desks.delete(name)
  }

  stop(): void {
    for (const refuse of this.#refusals) refuse(new LumosError('SHUTTING_DOWN'))
  }

  #wait({ line }: Desk, { owner }: EdgeMark): Promise<void> {
    const key = { caller: owner, priority: 'normal' } as const
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel()
        this.#refusals.delete(refuse)
        this.#waiting.remove(owner)
      }
      const go = (): void => {
        leave()
        resolve()
      }
      const refuse = (error: LumosError): void => {
        line.withdraw(key, go)
        leave()
        reject(error)
      }
      const cancel = this.#clock.after(LIMITS.tenantLineWait.value, () => refuse(overloaded()))
      this.#refusals.add(refuse)
      this.#waiting.add(owner)
      line.join(key, go)
    })
  }
}

/** The same agent under all its names. */
function deskOf({ agent }: EdgeMark): string {
  return agent.split('@')[0] ?? ''
}

function overloaded(): LumosError {
  return new LumosError('OVERLOADED', { details: { retryAfterMs: SOON_MS } })
}
