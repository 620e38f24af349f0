/** Turns words of the command line into values, or into an error that says what is expected. */
import { asBudget, BUDGET_PARTS } from '../core/budget.ts'
import type { Budget } from '../core/budget.ts'
import { LumosError } from '../core/errors.ts'
import { asPriority, PRIORITIES } from '../core/priority.ts'
import type { Priority } from '../core/priority.ts'
import { ROUTE_POLICIES } from '../core/route-choice.ts'
import type { RoutePolicy } from '../core/route-choice.ts'
import { suggest } from '../core/suggest.ts'
import { parseDuration } from '../core/units.ts'

/** `500ms`, `30s`, `2m`, `1h`, `1d`, in milliseconds. */
export function durationFlag(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0) {
    throw usage(`"${text}" is no duration`, { suggestion: 'write 500ms, 30s, 2m or 1h' })
  }
  return ms
}

/** A whole number of at least `least`. */
export function countFlag(text: string, least = 1): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < least) {
    throw usage(`"${text}" is no whole number from ${least} on`)
  }
  return count
}

/** For flags that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

export function usage(reason: string, details: Readonly<Record<string, string>> = {}): LumosError {
  return new LumosError('USAGE', { details: { reason, ...details } })
}

/** The name of a way to choose among workers. */
export function policyFlag(text: string, command: string): RoutePolicy {
  return oneOf(text, ROUTE_POLICIES, { command, what: 'no policy' })
}

/** One of `names`; who wrote something else is told all of them. */
export function oneOf<Name extends string>(
  text: string,
  names: readonly Name[],
  { command, what }: { readonly command: string; readonly what: string }
): Name {
  const known = names.find((name) => name === text)
  if (known !== undefined) return known
  const near = suggest(text, [...names])
  throw usage(
    `"${text}" is ${what}: ${names.join(', ')}`,
    near === undefined ? { command } : { suggestion: `did you mean ${near}?` }
  )
}

export function priorityFlag(text: string, command: string): Priority {
  const priority = asPriority(text)
  if (priority !== undefined) return priority
  throw usage(`"${text}" is no priority: ${PRIORITIES.join(', ')}`, { command })
}

/** `calls=20,tokens=50k,money=0.10`; each part may be absent. */
export function budgetFlag(text: string): Budget {
  const parts = text.split(',').map((part) => {
    const [, name = '', digits, unit = ''] =
      /^\s*([a-z]+)=(\d{1,12}(?:\.\d{1,6})?)([km]?)\s*$/.exec(part) ?? []
    return [name, Number(digits) * ({ k: 1e3, m: 1e6 }[unit] ?? 1)] as const
  })
  const names = parts.map(([name]) => name)
  const isKnown = names.every((name) => BUDGET_PARTS.some((known) => known === name))
  const budget = asBudget(Object.fromEntries(parts))
  if (budget !== undefined && isKnown && new Set(names).size === names.length) return budget
  throw usage(`"${text}" is no budget`, { suggestion: 'write calls=20,tokens=50k,money=0.10' })
}

/** What somebody typed as the one to do it, in the control API's form: `agent@node` gets its first @. */
export function targetOf(text: string): string {
  return /^[^@]+@/.test(text) ? `@${text}` : text
}
