/** Keeps what is spent on one task within its budget, also while several that it asks spend at once. */
import { setImmediate as turn } from 'node:timers/promises'
import { addUsage, BUDGET_PARTS, NO_USAGE } from './budget.ts'
import type { Budget, BudgetPart, Usage } from './budget.ts'
import { LumosError } from './errors.ts'

export interface Purse {
  /** What is neither spent nor given to others yet. */
  left(): Budget
  /** Counts what the agent itself has spent, which may be more than was left. */
  spend(usage: Partial<Usage>): void
  /**
   * Sets aside what another agent may spend; one call of it is the question itself. Those who ask in
   * the same moment share alike, unless they say how much they want; who comes when all is given out
   * waits until something is given back.
   *
   * @throws BUDGET_SPENT, or the reason of `signal`
   */
  reserve(options: {
    readonly wish?: Budget | undefined
    readonly signal: AbortSignal
  }): Promise<Share>
  /** What was spent, and what those who were asked may have spent as long as they have not told. */
  readonly used: Usage
}

/** Part of a purse, for one that is asked. The first of the two calls counts. */
export interface Share {
  /** Not for the question itself. */
  readonly budget: Budget | undefined
  /**
   * It has ended. Without `usage` nobody knows what it spent: all that it was given, then. It is believed
   * up to that: more would be the ruin of those asked after it.
   */
  settle(usage: Usage | undefined): void
  /** Nobody was asked. */
  giveBack(): void
}

/** `spent` was, before this purse was opened. */
export function createPurse(budget: Budget = {}, spent: Usage = NO_USAGE): Purse {
  return new CountedPurse(budget, spent)
}

interface Waiting {
  readonly wish: Budget | undefined
  readonly signal: AbortSignal
  readonly given: PromiseWithResolvers<Share>
}

/** The least that can be given to somebody who is asked. */
const LEAST: Readonly<Record<BudgetPart, number>> = { calls: 1, tokens: 1, money: Number.MIN_VALUE }

class CountedPurse implements Purse {
  readonly #budget: Budget
  #spent: Usage
  readonly #given = new Set<Usage>()
  #waiting: Waiting[] = []

  constructor(budget: Budget, spent: Usage) {
    this.#budget = budget
    this.#spent = spent
  }

  get used(): Usage {
    return [...this.#given].reduce(addUsage, this.#spent)
  }

  left(): Budget {
    const { used } = this
    return eachPart(this.#budget, (part, limit) => Math.max(0, limit - used[part]))
  }

  spend(usage: Partial<Usage>): void {
    this.#spent = addUsage(this.#spent, { ...NO_USAGE, ...usage })
  }

  async reserve({ wish, signal }: Parameters<Purse['reserve']>[0]): Promise<Share> {
    signal.throwIfAborted()
    const given = Promise.withResolvers<Share>()
    // It may be refused before anybody awaits it, while the moment is not over.
    given.promise.catch(() => {})
    const waiting = { wish, signal, given }
    const leave = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting)
      given.reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.push(waiting)
    // Whoever asks in the same moment is to be there when it is shared out.
    if (BUDGET_PARTS.some((part) => this.#budget[part] !== undefined)) await turn()
    this.#serve()
    try {
      return await given.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const left = this.left()
      const missing = BUDGET_PARTS.find((part) => (left[part] ?? Infinity) < LEAST[part])
      if (missing !== undefined) {
        if (this.#given.size > 0) return
        this.#refuse(missing)
        return
      }
      const share = shareOf(left, this.#waiting.length, first.wish)
      this.#waiting.shift()
      first.given.resolve(this.#give(share))
    }
  }

  #refuse(what: BudgetPart): void {
    const limit = this.#budget[what] ?? 0
    const waiting = this.#waiting
    this.#waiting = []
    for (const { given } of waiting) {
      given.reject(new LumosError('BUDGET_SPENT', { details: { what, limit } }))
    }
  }

  #give(budget: Budget): Share {
    const reserved = addUsage({ ...NO_USAGE, ...budget }, ONE_CALL)
    this.#given.add(reserved)
    const end = (spent: Usage): void => {
      if (!this.#given.delete(reserved)) return
      this.#spent = addUsage(this.#spent, spent)
      this.#serve()
    }
    return {
      budget: Object.keys(budget).length === 0 ? undefined : budget,
      settle: (usage) =>
        end(usage === undefined ? reserved : addUsage(within(usage, budget), ONE_CALL)),
      giveBack: () => end(NO_USAGE)
    }
  }
}

const ONE_CALL: Usage = { ...NO_USAGE, calls: 1 }

/** Of what is left for `count` of them; each has its question paid. */
function shareOf(left: Budget, count: number, wish: Budget = {}): Budget {
  return eachPart({ ...wish, ...left }, (part, limit) => {
    const questions = part === 'calls' ? 1 : 0
    const most = left[part] === undefined ? limit : Math.max(0, limit - questions)
    const wanted = wish[part]
    if (wanted !== undefined) return Math.min(most, wanted)
    const alike = Math.max(0, limit - questions * count) / count
    return part === 'money' ? alike : Math.max(questions === 1 ? 0 : 1, Math.floor(alike))
  })
}

function within(usage: Usage, budget: Budget): Usage {
  return { ...usage, ...eachPart(budget, (part, limit) => Math.min(limit, usage[part])) }
}

function eachPart(budget: Budget, of: (part: BudgetPart, limit: number) => number): Budget {
  const result: Partial<Record<BudgetPart, number>> = {}
  for (const part of BUDGET_PARTS) {
    const limit = budget[part]
    if (limit !== undefined) result[part] = of(part, limit)
  }
  return result
}
