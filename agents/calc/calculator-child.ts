/** The process that calculates: what hangs or devours memory here dies without hurting the node. */
import { all, create } from 'mathjs'
import { LIMITS } from '../../core/limits.ts'
import { serveJobs } from '../confined/serve-jobs.ts'

/** 15 digits are what a double holds; the last is noise (0.1 + 0.2). */
const FORMAT = { precision: 14, lowerExp: -7, upperExp: 15 }

/**
 * Functions that would change the library for later callers, parse text once more, or print the
 * manual (https://mathjs.org/docs/expressions/security.html). This process has no rights that they
 * could abuse; without them one calculation cannot change another's.
 */
const DISABLED = [
  'config',
  'typed',
  'createUnit',
  'evaluate',
  'compile',
  'parse',
  'parser',
  'reviver',
  'replacer',
  'help',
  'simplify',
  'simplifyCore',
  'simplifyConstant',
  'symbolicEqual',
  'derivative',
  'rationalize',
  'resolve',
  'leafCount'
] as const

const math = create(all ?? {})
// Only what expressions see changes: mathjs itself needs `typed` and `parse` to work.
const visible: object = Reflect.get(math.expression, 'mathWithTransform')
Object.assign(visible, Object.fromEntries(DISABLED.map((name) => [name, refuse(name)])))

function refuse(name: string): () => never {
  return () => {
    throw new Error(`the function ${name} is not available`)
  }
}

function calculate(expression: string): string {
  try {
    // A scope of its own: no calculation sees the variables of another.
    const value: unknown = math.evaluate(expression, new Map())
    return clip(describe(value))
  } catch (error) {
    throw new Error(clip(error instanceof Error ? error.message : String(error)), { cause: error })
  }
}

/** Several lines or `;` make a set of results: one line each. */
function describe(value: unknown): string {
  if (math.isResultSet(value)) return value.entries.map(describe).join('\n')
  if (value === undefined) throw new Error('there is nothing to calculate')
  if (typeof value === 'function') throw new Error('this is a function: call it with arguments')
  return typeof value === 'string' ? value : math.format(value, FORMAT)
}

function clip(text: string): string {
  const limit = LIMITS.calcResult.value
  return text.length <= limit ? text : `${text.slice(0, limit)}…`
}

serveJobs<string>({
  timeMs: LIMITS.calcTime.value,
  prepare: (expression) => () => calculate(expression)
})
