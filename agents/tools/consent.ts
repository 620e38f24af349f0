/** Binds what a person allows to the one call that they were asked about. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { TAINT_LABELS } from './taint.ts'
import type { Taint, TaintLabel } from './taint.ts'
import type { Tool } from './tool.ts'

/** Which call was asked about: another input, tool or version is another call. */
export interface AskedCall {
  readonly tool: string
  readonly version: string
  /** SHA-256 of the input as canonical JSON, in hex. */
  readonly hash: string
  /** It was asked about because it could let private data out: a yes opens no other call. */
  readonly tainted: boolean
}

export type Answer =
  | { readonly type: 'yes' | 'always' }
  | { readonly type: 'no'; readonly text: string }

export function askedCall({ id, version }: Tool, input: Json, tainted: boolean): AskedCall {
  return { tool: id, version, hash: hashOf(input), tainted }
}

function hashOf(input: Json): string {
  return createHash('sha256')
    .update(canonicalize(input) ?? '')
    .digest('hex')
}

export function isSameCall(a: AskedCall, b: AskedCall): boolean {
  // A call that meanwhile could leak is more than what was allowed.
  const covered = a.tainted || !b.tainted
  return a.tool === b.tool && a.version === b.version && a.hash === b.hash && covered
}

/** Whatever is neither yes nor always means no; it is told to the model, since it may say what instead. */
export function readAnswer(text: string): Answer {
  const word = text.trim().toLowerCase().replace(/[.!]$/, '')
  if (word === 'yes' || word === 'y') return { type: 'yes' }
  if (word === 'always') return { type: 'always' }
  return { type: 'no', text: text.trim() }
}

/** Longer inputs are cut in a question: a person reads the beginning. */
const SHOWN_INPUT = 2000

/** What a person is asked about a call. */
export function questionOf(
  tool: Tool,
  input: Json,
  { tainted }: Pick<AskedCall, 'tainted'>
): string {
  const text = JSON.stringify(input)
  const shown = text.length > SHOWN_INPUT ? `${text.slice(0, SHOWN_INPUT)}…` : text
  if (tainted) {
    return (
      `This task has read private data and text of strangers, who may have told the model to send it out. ` +
      `May ${tool.id} be used with ${shown}? Answer yes (this once) or no.`
    )
  }
  const effects = tool.effects.length === 0 ? '' : ` (${tool.effects.join(', ')})`
  return `May ${tool.id}${effects} be used with ${shown}? Answer yes, no, or always.`
}

/** What a run hands to the one that goes on. */
export interface ToolboxState {
  readonly labels: readonly TaintLabel[]
  /** By call id. */
  readonly asked: Readonly<Record<string, AskedCall>>
}

const VERSION = 1

export function writeState(taint: Taint, asked: ReadonlyMap<string, AskedCall>): JsonObject {
  const calls = Object.fromEntries(Array.from(asked, ([id, call]) => [id, { ...call }]))
  return { v: VERSION, labels: taint.labels(), asked: calls }
}

/** What a run is handed that is to bear `labels`. */
export function stateOf(labels: readonly TaintLabel[]): JsonObject {
  return { v: VERSION, labels: [...labels], asked: {} }
}

/** The labels of all `states`; one that cannot be read may have had any. */
export function labelsIn(states: readonly JsonObject[]): readonly TaintLabel[] {
  const found = new Set(states.flatMap((state) => readState(state)?.labels ?? TAINT_LABELS))
  return TAINT_LABELS.filter((label) => found.has(label))
}

/** `undefined` for what is no state, or of a version that came later. */
export function readState({ v, labels, asked }: JsonObject): ToolboxState | undefined {
  if (v !== VERSION || !Array.isArray(labels) || !isJsonObject(asked)) return undefined
  const calls = Object.entries(asked).map(([id, call]) => [id, asAskedCall(call)] as const)
  if (!labels.every(isLabel)) return undefined
  return {
    labels,
    asked: Object.fromEntries(
      calls.flatMap(([id, call]) => (call === undefined ? [] : [[id, call]]))
    )
  }
}

function isLabel(value: unknown): value is TaintLabel {
  return TAINT_LABELS.some((label) => label === value)
}

function asAskedCall(value: Json | undefined): AskedCall | undefined {
  if (!isJsonObject(value)) return undefined
  const { tool, version, hash, tainted } = value
  const isText = typeof tool === 'string' && typeof version === 'string' && typeof hash === 'string'
  return isText && typeof tainted === 'boolean' ? { tool, version, hash, tainted } : undefined
}
