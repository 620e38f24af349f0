/** Counts what a run spends, and ends it when that is too much. */
import { LumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Purse } from '../../core/purse.ts'
import type { ModelPrice } from '../models/model.ts'
import type { TokenUsage } from './answer.ts'
import type { LlmLimits } from './definition.ts'

export interface Spent {
  readonly steps: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost: number
}

export interface Budget {
  readonly spent: Spent
  /**
   * Counts the step that is about to begin and returns its number, from 1.
   *
   * @throws AGENT_BUDGET when it is one too many, or nothing is left for it
   */
  beginStep(): number
  /** Counts an answer and returns its cost in US dollars, where the price is known. */
  spend(usage: TokenUsage, price: ModelPrice | undefined): number | undefined
  /** @throws AGENT_BUDGET for an answer of so many characters that is still being told */
  readonly checkText: (characters: number) => void
}

/** No language has longer tokens on average: beyond that the answer is too long in any case. */
const CHARACTERS_PER_TOKEN = 8
const MILLION = 1_000_000

export interface BudgetBefore {
  /** By the run before a question. */
  readonly spent?: Spent | undefined
  /** What may be spent on the whole task, by all who work on it. */
  readonly task?: Pick<Purse, 'left' | 'spend'> | undefined
}

export function createBudget(agent: string, limits: LlmLimits, before: BudgetBefore = {}): Budget {
  const { steps: mostSteps = LIMITS.llmSteps.value } = limits
  const most = { inputTokens: Infinity, outputTokens: Infinity, cost: Infinity, ...limits }
  const { spent = NOTHING, task } = before
  let { steps, inputTokens, outputTokens, cost } = spent

  function check(): void {
    if (inputTokens >= most.inputTokens) throw over('input tokens', most.inputTokens)
    if (outputTokens >= most.outputTokens) throw over('output tokens', most.outputTokens)
    if (cost >= most.cost) throw over('US dollars', most.cost)
    const { tokens = Infinity, money = Infinity } = task?.left() ?? {}
    if (tokens <= 0) throw spentOut('tokens', inputTokens + outputTokens)
    if (money <= 0) throw spentOut('US dollars', cost)
  }

  function over(what: string, limit: number): LumosError {
    return new LumosError('AGENT_BUDGET', { details: { agent, what, limit } })
  }

  return {
    get spent() {
      return { steps, inputTokens, outputTokens, cost }
    },
    beginStep() {
      if (steps >= mostSteps) throw over('steps', mostSteps)
      check()
      steps += 1
      return steps
    },
    spend({ input, output }, price) {
      inputTokens += input
      outputTokens += output
      const costs = price && (input * price.input + output * price.output) / MILLION
      cost += costs ?? 0
      task?.spend({ tokens: input + output, ...(costs !== undefined && { money: costs }) })
      return costs
    },
    checkText(characters) {
      const tokens = characters / CHARACTERS_PER_TOKEN
      if (tokens > most.outputTokens - outputTokens) throw over('output tokens', most.outputTokens)
      const { tokens: left = Infinity } = task?.left() ?? {}
      if (tokens > left) throw spentOut('tokens', inputTokens + outputTokens)
    }
  }
}

/** What its caller allowed, here or at other nodes: raising the agent's own limits would change nothing. */
function spentOut(what: string, limit: number): LumosError {
  return new LumosError('BUDGET_SPENT', { details: { what, limit } })
}

const NOTHING: Spent = { steps: 0, inputTokens: 0, outputTokens: 0, cost: 0 }

/** What a question kept of a run; `undefined` for what is none. */
export function asSpent(value: JsonObject): Spent | undefined {
  const { steps, inputTokens, outputTokens, cost } = value
  const isSpent =
    typeof steps === 'number' &&
    typeof inputTokens === 'number' &&
    typeof outputTokens === 'number' &&
    typeof cost === 'number'
  return isSpent ? { steps, inputTokens, outputTokens, cost } : undefined
}
