/** Puts what an agent tells of its work into single quiet lines, and adds up what it cost. */
import type { AgentStep } from '../core/agent-step.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { Cli } from './cli.ts'
import { duration } from './format.ts'
import { cut, oneLine } from './width.ts'

type ToolStart = Extract<AgentStep, { kind: 'tool-start' }>
type ToolEnd = Extract<AgentStep, { kind: 'tool-end' }>

/** A line that is no terminal's is not cut to its width, but nobody reads a novel in a log. */
const MOST_COLUMNS = 400
/** Of a terminal's line, for what went in; the rest is for what came out. */
const INPUT_SHARE = 0.4

export interface StepLines {
  /** A line that stays, for a step that is worth one. */
  line(step: AgentStep): string | undefined
  /** What happens now, while nothing else is to be seen. */
  progress(step: AgentStep): string | undefined
  /** `1,204 → 56 tokens   $0.0031`; empty when no model was asked. */
  cost(): string
}

export function createStepLines(cli: Cli): StepLines {
  const begun = new Map<string, ToolStart>()
  const used = { input: 0, output: 0, cost: 0, priced: false }

  function count(step: Extract<AgentStep, { kind: 'usage' }>): void {
    used.input += step.inputTokens
    used.output += step.outputTokens
    used.cost += step.cost ?? 0
    used.priced ||= step.cost !== undefined
  }

  function line(step: AgentStep): string | undefined {
    if (step.kind === 'usage') count(step)
    if (step.kind === 'tool-start') begun.set(step.callId, step)
    if (step.kind === 'error') return `! ${oneLine(step.message)}`
    if (step.kind !== 'tool-end') return undefined
    const input = begun.get(step.callId)?.input
    begun.delete(step.callId)
    return toolLine(step, input, cli)
  }

  function progress(step: AgentStep): string | undefined {
    if (step.kind === 'tool-start') return `${oneLine(step.tool)} ${brief(step.input)}`.trim()
    if (step.kind !== 'tool-text') return undefined
    const tool = begun.get(step.callId)?.tool ?? ''
    return `${oneLine(tool)}  ${oneLine(step.text)}`.trim()
  }

  function cost(): string {
    if (used.input + used.output === 0) return ''
    const tokens = `${used.input.toLocaleString('en-US')} → ${used.output.toLocaleString('en-US')} tokens`
    return used.priced ? `${tokens}   ${dollars(used.cost)}` : tokens
  }

  return { line, progress, cost }
}

/** `⚙ tool calc@bob 84*6 = 504 (11 ms)` */
function toolLine(step: ToolEnd, input: Json | undefined, cli: Cli): string {
  const { tool, node, ok, error, output, tookMs } = step
  const style = cli.err()
  const { err } = cli.terminal
  const room = err.isTerminal ? err.columns() : MOST_COLUMNS
  const who = oneLine(node === undefined ? tool : `${tool}@${node}`)
  const asked = cut(brief(input), Math.floor(room * INPUT_SHARE))
  const took = `(${duration(tookMs)})`
  const said = ok ? brief(output) : oneLine(error?.message ?? 'failed')
  const between = ok ? (said === '' ? '' : ' = ') : ': '
  const head = `⚙ tool ${who}${asked === '' ? '' : ` ${asked}`}${between}`
  const rest = Math.max(8, room - head.length - took.length - 2)
  const mark = ok ? style.faint : style.bad
  return `${mark(ok ? '⚙' : '✗')} ${style.faint('tool')} ${style.accent(who)}${style.faint(
    `${asked === '' ? '' : ` ${asked}`}${between}${cut(said, rest)} ${took}`
  )}`
}

/** A value in few words: the one that an object has, a text without its quotes, else JSON. */
function brief(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return oneLine(value)
  if (!isJsonObject(value)) return oneLine(JSON.stringify(value))
  const members = Object.values(value).filter((each) => each !== undefined)
  const [only] = members
  if (members.length === 1 && typeof only !== 'object') return brief(only)
  return members.length === 0 ? '' : oneLine(JSON.stringify(value))
}

/** Parts of a cent count where a call costs less than one. */
function dollars(amount: number): string {
  if (amount >= 1) return `$${amount.toFixed(2)}`
  return `$${amount.toFixed(4).replace(/0{1,2}$/, '')}`
}
