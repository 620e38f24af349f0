/** What an agent or a node says of itself beyond names, and what others demand of it: `gpu`, `lang=de`, `price<0.01`. */
import { isJsonObject } from './json.ts'

export type AttributeValue = string | number | boolean | readonly string[]

/** By lower-case name: letters, digits, dots, dashes. A list has each of its values. */
export type Attributes = Readonly<Record<string, AttributeValue>>

export interface Demand {
  readonly name: string
  readonly operator: (typeof OPERATORS)[number]
  readonly value: string
}

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const
const COMPARISON = /^([a-z][a-z0-9.-]{0,31})(!=|<=|>=|=|<|>)([^\s=<>!]{1,64})$/i
const NAME = /^[a-z][a-z0-9.-]{0,31}$/
const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i
const VERSION = /^\d{1,9}(\.\d{1,9}){0,3}$/
/** Attributes, and demands, of one card. */
const MOST = 32
const MOST_VALUES = 32
const LONGEST_VALUE = 64

/** One demand, written without spaces; `undefined` for what is none. A mere name means `name=true`. */
export function parseDemand(text: string): Demand | undefined {
  if (NAME.test(text)) return { name: text, operator: '=', value: 'true' }
  return parseComparison(text)
}

/** Takes the demands out of a query: what has an operator in it is one, all else is text. */
export function splitDemands(query: string): {
  readonly text: string
  readonly demands: readonly Demand[]
} {
  const words = query.trim().split(/\s+/)
  const demands = words.flatMap((word) => parseComparison(word) ?? [])
  if (demands.length === 0) return { text: query.trim(), demands }
  return {
    text: words.filter((word) => parseComparison(word) === undefined).join(' '),
    demands: demands.slice(0, MOST)
  }
}

export function formatDemand({ name, operator, value }: Demand): string {
  return `${name}${operator}${value}`
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
  if (operator === '!=') return !meetsOne(attributes, { ...demand, operator: '=' })
  const own = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  if (own === undefined) return false
  if (typeof own !== 'object') return meetsValue(String(own), demand)
  return own.some((value) => meetsValue(value, demand))
}

function meetsValue(own: string, { name, operator, value }: Demand): boolean {
  if (operator === '=' && own.toLowerCase() === value.toLowerCase()) return true
  const order = (isVersion(name) ? orderOfVersions : orderOfNumbers)(own, value)
  // Words have no order that anybody would mean.
  if (order === undefined) return false
  if (operator === '=') return order === 0
  if (operator === '<' || operator === '<=') return order < 0 || (order === 0 && operator === '<=')
  return order > 0 || (order === 0 && operator === '>=')
}

/** `1.10` is more than `1.9` there, and less everywhere else. */
function isVersion(name: string): boolean {
  return name === 'version' || name.endsWith('-version')
}

/** Below, at or above 0; `undefined` where one of them is no number. */
function orderOfNumbers(a: string, b: string): number | undefined {
  const order = Number.parseFloat(a) - Number.parseFloat(b)
  return NUMBER.test(a) && NUMBER.test(b) ? order : undefined
}

function orderOfVersions(a: string, b: string): number | undefined {
  if (!VERSION.test(a) || !VERSION.test(b)) return undefined
  const [x, y] = [a, b].map((version) => version.split('.').map(Number))
  for (let index = 0; index < 4; index += 1) {
    const order = (x?.[index] ?? 0) - (y?.[index] ?? 0)
    if (order !== 0) return order
  }
  return 0
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

function parseComparison(text: string): Demand | undefined {
  const [, name, operator, value] = COMPARISON.exec(text) ?? []
  if (name === undefined || value === undefined || !isOperator(operator)) return undefined
  return { name: name.toLowerCase(), operator, value }
}

function isOperator(text: string | undefined): text is Demand['operator'] {
  return OPERATORS.some((operator) => operator === text)
}
