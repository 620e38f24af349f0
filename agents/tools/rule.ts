/** What the owner of a node decides about tools, and how people write it: `allow http_fetch for peers`. */
import { TOOL_EFFECTS } from './define-tool.ts'
import type { ToolEffect } from './tool.ts'

/** What may happen to a call; each is stricter than the one before. */
export const VERDICTS = ['allow', 'ask', 'deny'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Whose task a run works on: of this node itself (its user, its programs), or of another node. */
export type ToolCaller = 'self' | 'peer'

/** What its owner has decided. A member that is absent restricts the rule to nothing. */
export interface ToolRule {
  /** Id of a tool; `*` stands for any characters. */
  readonly tool?: string
  /** Speaks of this effect alone: a tool that has others needs to be allowed those as well. */
  readonly effect?: ToolEffect
  readonly caller?: ToolCaller
  readonly action: Verdict
  /** With `allow`: also for what could carry private data out (docs/tools.md, "Taint"). */
  readonly tainted?: boolean
}

/** A tool by its id; `*` stands for any characters. */
export const TOOL_PATTERN = /^[A-Za-z0-9_*-]{1,64}$/

export const RULE_FORM = '(allow|ask|deny) [TOOL] [EFFECT] [for self|for peers] [tainted]'

const CALLERS: Readonly<Record<string, ToolCaller>> = { self: 'self', peers: 'peer' }

export function ruleText({ tool, effect, caller, action, tainted = false }: ToolRule): string {
  return [
    action,
    tool ?? (effect === undefined ? '*' : ''),
    effect ?? '',
    caller === undefined ? '' : caller === 'self' ? 'for self' : 'for peers',
    tainted ? 'tainted' : ''
  ]
    .filter((word) => word !== '')
    .join(' ')
}

/**
 * `undefined` for what is no rule. The name of an effect means the effect, so a tool that is called so can be
 * meant only by a pattern that fits it.
 */
export function parseRule(text: string): ToolRule | undefined {
  const words = text.trim().split(/\s+/)
  const action = VERDICTS.find((verdict) => verdict === words[0])
  words.shift()
  const tainted = words.at(-1) === 'tainted'
  if (tainted) words.pop()
  const caller = words.at(-2) === 'for' ? CALLERS[words.at(-1) ?? ''] : undefined
  if (caller !== undefined) words.splice(-2)
  const effect = TOOL_EFFECTS.find((known) => known === words.at(-1))
  if (effect !== undefined) words.pop()
  const [tool, ...rest] = words
  const isWhole =
    rest.length === 0 && (tool === undefined ? effect !== undefined : TOOL_PATTERN.test(tool))
  if (action === undefined || !isWhole || (tainted && (tool === undefined || action !== 'allow')))
    return undefined
  return {
    action,
    ...(tool !== undefined && { tool }),
    ...(effect !== undefined && { effect }),
    ...(caller !== undefined && { caller }),
    ...(tainted && { tainted })
  }
}
