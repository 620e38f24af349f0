/** Keeps those at the edge within what each may use, and lets them take turns where many tasks go to one agent. */
import { smallerBudget } from '../../core/budget.ts'
import type { Budget } from '../../core/budget.ts'
import type { Clock } from '../../core/clock.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import type { DelegationEvent } from '../caller/delegation-events.ts'
import type { EdgeAccounts } from './accounts.ts'
import { createEdgeLine } from './line.ts'
import type { EdgeLine } from './line.ts'
import type { EdgeMark } from './orders.ts'

/** What one at the edge may use at most; what is absent is not limited. */
export interface EdgeRules {
  /** Tasks that have not ended. */
  readonly concurrency: number
  /** Of language models, in a day and in a month of UTC. */
  readonly tokensPerDay?: number
  readonly tokensPerMonth?: number
  /** Of ended tasks that can still be read. */
  readonly storageBytes: number
  /** Whether it knows of that agent at all. */
  readonly knows: (agent: string) => boolean
}

export interface EdgeGateComponents {
  readonly clock: Clock
  readonly accounts: Pick<EdgeAccounts, 'tokens' | 'kept' | 'oldest' | 'refused'>
  readonly rulesOf: (owner: string) => EdgeRules
  /** Told of each task that a quota kept out. */
  readonly onRefused: (edge: EdgeMark, quota: string) => void
}

export interface EdgeGateInit {
  /** Milliseconds an ended task is remembered. */
  readonly retentionMs: number
}

/** A task as the gate follows it. */
interface Followed {
  readonly record: { readonly edge?: EdgeMark }
  readonly log: { read(from: number, signal?: AbortSignal): AsyncIterable<DelegationEvent> }
  run(): Promise<void>
}

export interface EdgeGate {
  /**
   * A new task wants in. `undefined` when it may begin now; else resolves when it is its turn. Whoever
   * does not begin it then says so ({@link EdgeGate.leave}).
   *
   * @throws QUOTA_EXCEEDED, AGENT_UNKNOWN, OVERLOADED
   */
  enter(edge: EdgeMark | undefined): Promise<void> | undefined
  /** It came in, and nothing was begun. */
  leave(edge: EdgeMark | undefined): void
  /** What a task of that one may spend. */
  budget(edge: EdgeMark | undefined, wish: Budget | undefined): Budget | undefined
  /** Runs it, and counts it as one of its owner's until it has ended. */
  run(task: Followed): Promise<void>
  /** Nobody waits any more. */
  stop(): void
}

export function createEdgeGate(components: EdgeGateComponents, init: EdgeGateInit): EdgeGate {
  return new Gate(components, init)
}

/** Nothing tells when one of its tasks ends. */
const SOON_MS = 1000

class Gate implements EdgeGate {
  readonly #parts: EdgeGateComponents
  readonly #retentionMs: number
  readonly #line: EdgeLine
  /** Tasks that have not ended, by owner. */
  readonly #open = new Counts<string>()
  /** Came in and were not begun yet. */
  readonly #entered = new Set<EdgeMark>()

  constructor(parts: EdgeGateComponents, { retentionMs }: EdgeGateInit) {
    this.#parts = parts
    this.#retentionMs = retentionMs
    this.#line = createEdgeLine(parts)
  }

  enter(edge: EdgeMark | undefined): Promise<void> | undefined {
    if (edge === undefined) return undefined
    const refusal = this.#check(edge)
    if (refusal !== undefined) return refusal
    const turn = this.#line.join(edge)
    this.#open.add(edge.owner)
    this.#entered.add(edge)
    return turn?.catch((error: unknown) => {
      this.#forget(edge)
      throw error
    })
  }

  leave(edge: EdgeMark | undefined): void {
    if (edge === undefined || !this.#entered.has(edge)) return
    this.#line.begun(edge)
    this.#forget(edge)
  }

  budget(edge: EdgeMark | undefined, wish: Budget | undefined): Budget | undefined {
    const left = edge && this.#tokensLeft(edge.owner)
    return left === undefined ? wish : smallerBudget(wish, { tokens: Math.max(1, left) })
  }

  async run(task: Followed): Promise<void> {
    const { edge } = task.record
    if (edge === undefined) return task.run()
    // An earlier process let it in.
    const isNew = this.#entered.delete(edge)
    if (!isNew) this.#open.add(edge.owner)
    try {
      const running = task.run()
      if (isNew) await this.#beginning(edge, task)
      await running
    } finally {
      this.#open.remove(edge.owner)
    }
  }

  stop(): void {
    this.#line.stop()
  }

  /** Until its worker has begun, or it has ended. */
  async #beginning(edge: EdgeMark, { log }: Followed): Promise<void> {
    try {
      for await (const event of log.read(0)) if (hasBegun(event)) break
    } catch {
      // Its readers are told why.
    } finally {
      this.#line.begun(edge)
    }
  }

  /** Throws for what is used up; what only the disk knows more of is refused by a promise. */
  #check(edge: EdgeMark): Promise<never> | undefined {
    const { owner, agent } = edge
    const { accounts, rulesOf } = this.#parts
    const { concurrency, storageBytes, knows } = rulesOf(owner)
    // As for one that is not there.
    if (!knows(agent)) throw unknown(agent)
    const open = this.#open.of(owner)
    if (open >= concurrency) throw this.#refusal(edge, 'concurrency', [concurrency, SOON_MS])
    this.#checkTokens(edge)
    const isFull = accounts.kept(owner).bytes >= storageBytes
    return isFull ? this.#refuseForStorage(edge, storageBytes) : undefined
  }

  #checkTokens(edge: EdgeMark): void {
    const { owner } = edge
    const { clock, accounts, rulesOf } = this.#parts
    const { tokensPerDay, tokensPerMonth } = rulesOf(owner)
    const now = clock.now()
    if (tokensPerDay !== undefined && accounts.tokens(owner, 'day') >= tokensPerDay) {
      const againMs = nextDay(now) - now
      throw this.#refusal(edge, 'tokensPerDay', [tokensPerDay, againMs])
    }
    if (tokensPerMonth !== undefined && accounts.tokens(owner, 'month') >= tokensPerMonth) {
      const againMs = nextMonth(now) - now
      throw this.#refusal(edge, 'tokensPerMonth', [tokensPerMonth, againMs])
    }
  }

  async #refuseForStorage(edge: EdgeMark, limit: number): Promise<never> {
    const { clock, accounts } = this.#parts
    const oldest = (await accounts.oldest(edge.owner)) ?? clock.now()
    const againMs = Math.max(SOON_MS, oldest + this.#retentionMs - clock.now())
    throw this.#refusal(edge, 'storageBytes', [limit, againMs])
  }

  #refusal(
    edge: EdgeMark,
    quota: string,
    [limit, retryAfterMs]: readonly [limit: number, againMs: number]
  ): LumosError {
    this.#parts.accounts.refused(edge.owner)
    this.#parts.onRefused(edge, quota)
    return new LumosError('QUOTA_EXCEEDED', { details: { quota, limit, retryAfterMs } })
  }

  #tokensLeft(owner: string): number | undefined {
    const { accounts, rulesOf } = this.#parts
    const { tokensPerDay = Infinity, tokensPerMonth = Infinity } = rulesOf(owner)
    const left = Math.min(
      tokensPerDay - accounts.tokens(owner, 'day'),
      tokensPerMonth - accounts.tokens(owner, 'month')
    )
    return Number.isFinite(left) ? left : undefined
  }

  #forget(edge: EdgeMark): void {
    this.#entered.delete(edge)
    this.#open.remove(edge.owner)
  }
}

function unknown(agent: string): LumosError {
  return new LumosError('AGENT_UNKNOWN', { details: { agent: agent.split('@')[0] ?? '' } })
}

function hasBegun(event: DelegationEvent): boolean {
  return (
    event.type === 'result' ||
    event.type === 'artifact' ||
    event.type === 'input-required' ||
    (event.type === 'status' && event.state !== 'TASK_STATE_SUBMITTED')
  )
}

function nextDay(now: number): number {
  const day = new Date(now)
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1)
}

function nextMonth(now: number): number {
  const day = new Date(now)
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1)
}
