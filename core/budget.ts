/** What a task may spend, and what was spent on it: by the agent that works on it and by all that it asks. */
import { isJsonObject } from './json.ts'

/** What is absent is not limited. */
export interface Budget {
  /** Questions to other agents. */
  readonly calls?: number
  /** Of language models, read and written. */
  readonly tokens?: number
  /** US dollars. */
  readonly money?: number
}

export type Usage = Required<Budget>

export const BUDGET_PARTS = ['calls', 'tokens', 'money'] as const

export type BudgetPart = (typeof BUDGET_PARTS)[number]

export const NO_USAGE: Usage = { calls: 0, tokens: 0, money: 0 }

/** No honest amount is larger; sums of some are exact. */
const MOST = 1e12

/** What somebody else sent; `undefined` for what is none. */
export function asBudget(value: unknown): Budget | undefined {
  if (!isJsonObject(value)) return undefined
  const budget: Partial<Record<BudgetPart, number>> = {}
  for (const part of BUDGET_PARTS) {
    const amount = value[part]
    if (amount === undefined) continue
    const isAmount = typeof amount === 'number' && amount >= 0 && amount <= MOST
    if (!isAmount || (part !== 'money' && !Number.isInteger(amount))) return undefined
    budget[part] = amount
  }
  return budget
}

/** Likewise; what is absent is nothing. */
export function asUsage(value: unknown): Usage | undefined {
  const budget = asBudget(value)
  return budget && { ...NO_USAGE, ...budget }
}

/** What both allow. */
export function smallerBudget(one: Budget = {}, other: Budget = {}): Budget {
  const budget: Partial<Record<BudgetPart, number>> = {}
  for (const part of BUDGET_PARTS) {
    const amount = Math.min(one[part] ?? Infinity, other[part] ?? Infinity)
    if (amount < Infinity) budget[part] = amount
  }
  return budget
}

export function addUsage(one: Usage, other: Usage): Usage {
  return {
    calls: one.calls + other.calls,
    tokens: one.tokens + other.tokens,
    money: one.money + other.money
  }
}

export function isNothing({ calls, tokens, money }: Usage): boolean {
  return calls + tokens + money === 0
}
