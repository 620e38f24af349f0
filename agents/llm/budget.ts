/** Counts what a run spends, and ends it when that is too much. */
import { LumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
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

/** Goes on from what the run before a question had `spent`. */
export function createBudget(agent: string, limits: LlmLimits, spent?: Spent): Budget {
  const { steps: mostSteps = LIMITS.llmSteps.value } = limits
  const most = { inputTokens: Infinity, outputTokens: Infinity, cost: Infinity, ...limits }
  let { steps, inputTokens, outputTokens, cost } = spent ?? NOTHING

  function check(): void {
    if (inputTokens >= most.inputTokens) throw over('input tokens', most.inputTokens)
    if (outputTokens >= most.outputTokens) throw over('output tokens', most.outputTokens)
    if (cost >= most.cost) throw over('US dollars', most.cost)
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
      if (price === undefined) return undefined
      const costs = (input * price.input + output * price.output) / MILLION
      cost += costs
      return costs
    },
    checkText(characters) {
      if (characters / CHARACTERS_PER_TOKEN <= most.outputTokens - outputTokens) return
      throw over('output tokens', most.outputTokens)
    }
  }
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
