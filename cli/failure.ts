/** How failures look: what happened, what was tried, what to type next. */
import { ERRORS } from '../core/error-table.ts'
import type { ErrorDetails, LumosError, WireError } from '../core/errors.ts'
import type { Failure } from '../client/api.ts'
import { duration } from './format.ts'
import type { Style } from './style.ts'
import type { Sink } from './terminal.ts'
import { displayWidth, oneLine } from './width.ts'

/** Details with these names say what to do, not what was tried. */
const ADVICE: ReadonlySet<string> = new Set(['command', 'suggestion'])

export function exitCodeOf(error: LumosError): number {
  return ERRORS[error.code].exit
}

export function failureDocument(error: LumosError): Failure {
  const wire: WireError = { ...error.toWire(), hint: hintOf(error) }
  return { ok: false, error: wire }
}

/** The lines for stderr; `debug` adds the stack and all causes. */
export function renderFailure(
  error: LumosError,
  { sink, style, debug }: { readonly sink: Sink; readonly style: Style; readonly debug: boolean }
): string {
  const what = `error: ${oneLine(error.message)}`
  const code = `${error.code} (exit ${exitCodeOf(error)})`
  const room = sink.isTerminal ? sink.columns() - displayWidth(what) - displayWidth(code) : 2
  const head = style.bad('error:') + style.strong(what.slice('error:'.length))
  // Too long for one line with its code: the code goes below, rather than wrapping in its middle.
  const lines = [room < 2 ? head : head + ' '.repeat(Math.min(room, 60)) + style.faint(code)]
  for (const facts of triedFacts(error)) lines.push(labelled('tried', facts, style.faint))
  lines.push(labelled('try', hintOf(error), style.accent))
  if (room < 2) lines.push(labelled('code', code, style.faint))
  if (debug) lines.push('', ...stacks(error))
  return lines.map((line) => `${line}\n`).join('')
}

function labelled(label: string, text: string, paint: (text: string) => string): string {
  return `  ${label.padEnd(6)} ${paint(oneLine(text))}`
}

function hintOf(error: LumosError): string {
  const { suggestion, command } = error.details
  if (suggestion !== undefined) return String(suggestion)
  if (error.code === 'USAGE' && command) return `lumos help ${String(command)}`
  return error.hint
}

/** Details that neither the message nor the hint has shown already. */
function triedFacts(error: LumosError): string[] {
  const said = `${error.message} ${hintOf(error)}`
  const facts = Object.entries(error.details).filter(
    ([name, value]) => !ADVICE.has(name) && value !== '' && !said.includes(String(value))
  )
  const texts = facts.map(([name, value]) => fact(name, value))
  // Nothing else is known about what should never happen.
  if (error.code === 'INTERNAL' && error.cause instanceof Error) texts.unshift(String(error.cause))
  return texts.length === 0 ? [] : [texts.join(', ')]
}

/** `tookMs: 1200` as `took 1.2 s`, `lastExit: …` as `last exit …`. */
function fact(name: string, value: ErrorDetails[string]): string {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  if (typeof value === 'number' && words.endsWith(' ms')) {
    return `${words.slice(0, -3)} ${duration(value)}`
  }
  return `${words} ${String(value)}`
}

function stacks(error: Error): string[] {
  const lines: string[] = []
  let current: unknown = error
  while (current instanceof Error && lines.length < 200) {
    lines.push(...(current.stack ?? current.message).split('\n'))
    current = current.cause
    if (current !== undefined) lines.push('caused by:')
  }
  if (typeof current === 'string') lines.push(current)
  return lines
}
