/** Runs a script in QuickJS, an interpreter inside of WebAssembly: it reaches nothing but its input. */
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten-core'
import type { Clock } from '../../../../core/clock.ts'
import type { Json } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { Script, ScriptOutcome } from './script.ts'

/**
 * Runs before the script, which can therefore change nothing of what its result is made with.
 * Returns what is to be called with the code and its input, as texts.
 */
const PRELUDE = `(() => {
  const { stringify, parse } = JSON
  const { getPrototypeOf } = Object
  const AsyncFunction = getPrototypeOf(async () => {}).constructor
  const show = (value) => {
    if (typeof value === 'string') return value
    try {
      const text = value instanceof Error ? undefined : stringify(value)
      return text === undefined ? String(value) : text
    } catch {
      return '?'
    }
  }
  return (log, code, input) => {
    const write = (...values) => log(values.map(show).join(' '))
    globalThis.console = { log: write, info: write, warn: write, error: write, debug: write }
    return new AsyncFunction('input', code)(parse(input)).then((value) => stringify(value) ?? 'null')
  }
})()`

export interface SandboxComponents {
  /** Not used for anything else: what a script leaves of it, after an error of memory, is nobody's concern. */
  readonly quickjs: QuickJSWASMModule
  readonly clock: Pick<Clock, 'monotonic'>
}

/** Never throws for what the script does. */
export function runScript(
  { quickjs, clock }: SandboxComponents,
  { code, input, timeMs }: Script
): ScriptOutcome {
  const { log, lines } = createConsole()
  const deadline = clock.monotonic() + timeMs
  const isLate = (): boolean => clock.monotonic() > deadline
  const runtime = quickjs.newRuntime()
  runtime.setMemoryLimit(LIMITS.scriptMemory.value)
  runtime.setMaxStackSize(LIMITS.scriptStack.value)
  runtime.setInterruptHandler(isLate)
  try {
    const text = evaluate(runtime.newContext(), { code, input, log })
    return { type: 'returned', value: resultOf(text), console: lines }
  } catch (error) {
    const late = `it takes longer than ${timeMs} ms`
    return { type: 'failed', reason: isLate() ? late : reasonOf(error), console: lines }
  }
}

interface Evaluation {
  readonly code: string
  readonly input: string
  readonly log: (text: string) => void
}

/** Nothing is disposed of: interpreter and memory go together, with all that is in them. */
function evaluate(context: QuickJSContext, { code, input, log }: Evaluation): string {
  const take = (result: ReturnType<QuickJSContext['evalCode']>): QuickJSHandle => {
    if (result.error === undefined) return result.value
    throw new ScriptError(thrownText(context, result.error))
  }
  const begin = take(context.evalCode(PRELUDE, 'prelude'))
  const write = context.newFunction('log', (text) => log(context.getString(text)))
  const texts = [code, input].map((text) => context.newString(text))
  const promise = take(context.callFunction(begin, context.undefined, write, ...texts))
  const jobs = context.runtime.executePendingJobs()
  if (jobs.error !== undefined) throw new ScriptError(thrownText(context, jobs.error))
  const state = context.getPromiseState(promise)
  if (state.type === 'pending') throw new ScriptError('it waits for what never happens')
  if (state.type === 'rejected') throw new ScriptError(thrownText(context, state.error))
  return context.getString(state.value)
}

/** What the script is told of its failure. */
class ScriptError extends Error {}

/** Which a function has, made of a text, before that. */
const LINES_BEFORE = 2

function thrownText(context: QuickJSContext, thrown: QuickJSHandle): string {
  const value: unknown = context.dump(thrown)
  if (typeof value !== 'object' || value === null) return `it threw ${String(value)}`
  const [name, message, stack] = ['name', 'message', 'stack'].map((member) => {
    const text: unknown = Reflect.get(value, member)
    return typeof text === 'string' ? text : ''
  })
  const line = /:(\d+)(?::\d+)?\)?\s*$/m.exec(stack ?? '')?.[1]
  const place = line === undefined ? '' : ` (line ${Number(line) - LINES_BEFORE})`
  return `${[name, message].filter(Boolean).join(': ') || 'it threw an object'}${place}`
}

function resultOf(text: string): Json {
  const limit = LIMITS.scriptResult.value
  if (text.length > limit) {
    throw new ScriptError(`it returns ${text.length} characters, at most ${limit} are allowed`)
  }
  return JSON.parse(text)
}

/** Anything else comes from the interpreter, when the script has left it no memory. */
function reasonOf(error: unknown): string {
  if (error instanceof ScriptError) return error.message.slice(0, MAX_REASON)
  return 'it needs more memory than it may have'
}

const MAX_REASON = 1000

function createConsole() {
  const lines: string[] = []
  let room = LIMITS.scriptConsole.value
  function log(text: string): void {
    if (room <= 0) return
    lines.push(text.length > room ? `${text.slice(0, room)}…` : text)
    room -= text.length + 1
  }
  return { lines, log }
}
