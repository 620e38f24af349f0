/** What an agent or a node says of itself beyond names, and what others demand of it: `gpu`, `lang=de`, `price<0.01`. */
import { isJsonObject } from './json.ts'
import { parseVersionRange } from './version-range.ts'
import type { VersionRange } from './version-range.ts'

export type AttributeValue = string | number | boolean | readonly string[]

/** By lower-case name: letters, digits, dots, dashes. A list has each of its values. */
export type Attributes = Readonly<Record<string, AttributeValue>>

export interface Demand {
  readonly name: string
  readonly operator: (typeof OPERATORS)[number]
  readonly value: string
}

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const
/** In a query, where a value with spaces is quoted. */
const COMPARISON = /^([a-z][a-z0-9.-]{0,31})(!=|<=|>=|=|<|>)(?:"([^"]{1,64})"|([^\s=<>!"]{1,64}))$/i
/** By itself, where it is not. */
const WHOLE = /^([a-z][a-z0-9.-]{0,31})\s*(!=|<=|>=|=|<|>)\s*([^"]{1,64})$/i
const WORD = /[^\s"]*"[^"]*"|\S+/g
const NAME = /^[a-z][a-z0-9.-]{0,31}$/
const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i
/** Attributes, and demands, of one card. */
const MOST = 32
const MOST_VALUES = 32
const LONGEST_VALUE = 64

/**
 * One demand; `undefined` for what is none, or could be met by nobody. A mere name means `name=true`; a value
 * may hold spaces (`model=gpt 4`), and one of a version is a range as npm has it (`version>=1.2 <2`).
 */
export function parseDemand(text: string): Demand | undefined {
  const trimmed = text.trim()
  const mere = trimmed.toLowerCase()
  if (NAME.test(mere)) return { name: mere, operator: '=', value: 'true' }
  const demand = demandOf(COMPARISON.exec(trimmed) ?? WHOLE.exec(trimmed))
  return demand !== undefined && isMeetable(demand) ? demand : undefined
}

/** Takes the demands out of a query: what has an operator in it is one, all else is text. */
export function splitDemands(query: string): {
  readonly text: string
  readonly demands: readonly Demand[]
} {
  const words = query.match(WORD) ?? []
  const demands = words.flatMap((word) => demandOf(COMPARISON.exec(word)) ?? [])
  if (demands.length === 0) return { text: query.trim(), demands }
  return { text: words.filter((word) => !COMPARISON.test(word)).join(' '), demands }
}

/** As it stands in a query. */
export function formatDemand({ name, operator, value }: Demand): string {
  return `${name}${operator}${/[\s=<>!]/.test(value) ? `"${value}"` : value}`
}

/** Whether all demands are met. What is not said of oneself meets none, apart from `!=`. */
export function meets(attributes: Attributes, demands: readonly Demand[]): boolean {
  return unmetDemand(attributes, demands) === undefined
}

/** The first that is not met. */
export function unmetDemand(
  attributes: Attributes,
  demands: readonly Demand[]
): Demand | undefined {
  return demands.find((demand) => !meetsOne(attributes, demand))
}

function meetsOne(attributes: Attributes, demand: Demand): boolean {
  const { name, operator } = demand
  const own = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  if (own === undefined) return operator === '!='
  const isMet =
    typeof own === 'object' ? own.some((value) => fits(value, demand)) : fits(String(own), demand)
  return isMet !== (operator === '!=')
}

/** Whether a value is what is demanded, or what is excluded. */
function fits(own: string, demand: Demand): boolean {
  const { name, operator, value } = demand
  const isEquality = operator === '=' || operator === '!='
  if (isEquality && own.toLowerCase() === value.toLowerCase()) return true
  if (isVersion(name)) return rangeOf(demand)?.has(own) ?? false
  // Words have no order that anybody would mean.
  if (!NUMBER.test(own) || !NUMBER.test(value)) return false
  const order = Number.parseFloat(own) - Number.parseFloat(value)
  if (isEquality) return order === 0
  if (operator === '<' || operator === '<=') return order < 0 || (order === 0 && operator === '<=')
  return order > 0 || (order === 0 && operator === '>=')
}

/** `1.10` is more than `1.9` there, and less everywhere else. */
function isVersion(name: string): boolean {
  return name === 'version' || name.endsWith('-version')
}

const ranges = new WeakMap<Demand, VersionRange>()

/** Kept with its demand: one search compares it with thousands of cards. */
function rangeOf(demand: Demand): VersionRange | undefined {
  const { operator, value } = demand
  const isPlain = operator === '=' || operator === '!='
  const range = ranges.get(demand) ?? parseVersionRange(isPlain ? value : operator + value)
  if (range !== undefined) ranges.set(demand, range)
  return range
}

function isMeetable(demand: Demand): boolean {
  const { name, operator, value } = demand
  const isEquality = operator === '=' || operator === '!='
  if (isVersion(name)) return rangeOf(demand) !== undefined || (isEquality && !/[=<>]/.test(value))
  return isEquality ? !/[=<>!]/.test(value) : NUMBER.test(value)
}

/** What others may rely on of attributes that a stranger wrote: names and values of bounded size, nothing else. */
export function asAttributes(value: unknown): Attributes {
  if (!isJsonObject(value)) return {}
  const entries = Object.entries(value).slice(0, MOST)
  return Object.fromEntries(
    entries.flatMap(([name, one]) => {
      const attribute = NAME.test(name) ? asAttribute(one) : undefined
      return attribute === undefined ? [] : [[name, attribute]]
    })
  )
}

function asAttribute(value: unknown): AttributeValue | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'string') return value.length <= LONGEST_VALUE ? value : undefined
  if (!Array.isArray(value) || value.length > MOST_VALUES) return undefined
  const texts = value.filter((one) => typeof one === 'string' && one.length <= LONGEST_VALUE)
  return texts.length === value.length ? texts : undefined
}

/** Demands that a stranger wrote; one that cannot be understood is met by nobody. */
export function asDemands(value: unknown): readonly Demand[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, MOST).map((text) => {
    const demand = typeof text === 'string' ? parseDemand(text) : undefined
    return demand ?? { name: '', operator: '=', value: '' }
  })
}

function demandOf(match: RegExpExecArray | null): Demand | undefined {
  const [, name, operator, first, second] = match ?? []
  const value = (first ?? second)?.trim()
  if (name === undefined || !value || !isOperator(operator)) return undefined
  return { name: name.toLowerCase(), operator, value }
}

function isOperator(text: string | undefined): text is Demand['operator'] {
  return OPERATORS.some((operator) => operator === text)
}
