/** Decides who may use a tool: rules of the node's owner first, and where none speaks, what the tool can do. */
import { ruleText, VERDICTS } from './rule.ts'
import type { ToolCaller, ToolRule, Verdict } from './rule.ts'
import type { Tool, ToolEffect } from './tool.ts'

export interface Decision {
  readonly verdict: Verdict
  /** Why, as a clause: `the rule deny shell_*`, `it can execute`. */
  readonly reason: string
  /** A rule allows it in a run that has seen private data and what strangers wrote. */
  readonly tainted: boolean
}

/** What of a tool policy looks at. */
export type JudgedTool = Pick<Tool, 'id' | 'effects' | 'asks' | 'parts'>

type Facet = ToolEffect | 'none'

const DEFAULTS: Readonly<Record<Facet, Readonly<Record<ToolCaller, Verdict>>>> = {
  none: { self: 'allow', peer: 'allow' },
  'read-private': { self: 'allow', peer: 'deny' },
  network: { self: 'allow', peer: 'deny' },
  write: { self: 'ask', peer: 'deny' },
  execute: { self: 'deny', peer: 'deny' }
}

const CAN: Readonly<Record<Facet, string>> = {
  none: 'it has no effects',
  'read-private': 'it can read private data',
  network: 'it can reach the network',
  write: 'it can write',
  execute: 'it can execute'
}

/**
 * The strictest of what is decided for each effect. A rule that denies beats all others; then the
 * rule that names the tool beats one with a pattern, that one a rule about the effect alone, and among
 * those equal in this the stricter wins. Nobody is there to be asked for a peer's task: then `ask` is `deny`.
 */
export function decide(
  judged: JudgedTool,
  caller: ToolCaller,
  rules: readonly ToolRule[]
): Decision {
  const mine = rules.filter((rule) => rule.caller === undefined || rule.caller === caller)
  const denied = deniedPart(judged, mine)
  const facets: readonly Facet[] = judged.effects.length === 0 ? ['none'] : judged.effects
  const choices = [
    ...facets.map((facet) => decideFacet(judged, facet, { caller, rules: mine })),
    ...(denied === undefined ? [] : [denied])
  ]
  const { verdict, reason } = choices.reduce((strictest, choice) =>
    severity(choice.verdict) > severity(strictest.verdict) ? choice : strictest
  )
  if (verdict === 'ask' && caller === 'peer') {
    return { verdict: 'deny', reason: `${reason}, and nobody can be asked here`, tainted: false }
  }
  return { verdict, reason, tainted: verdict === 'allow' && mayTainted(judged, mine) }
}

interface Choice {
  readonly verdict: Verdict
  readonly reason: string
}

function decideFacet(
  judged: JudgedTool,
  facet: Facet,
  { caller, rules }: { readonly caller: ToolCaller; readonly rules: readonly ToolRule[] }
): Choice {
  const best = rules
    .filter((rule) => speaksOf(rule, judged.id, facet))
    .map((rule) => ({ rule, rank: rankOf(rule, judged.id) }))
    .toSorted((a, b) => b.rank - a.rank || severity(b.rule.action) - severity(a.rule.action))[0]
  const usual = { verdict: DEFAULTS[facet][caller], reason: CAN[facet] }
  const choice =
    best === undefined
      ? usual
      : { verdict: best.rule.action, reason: `the rule ${ruleText(best.rule)}` }
  const named = best !== undefined && best.rule.tool !== undefined
  if (!judged.asks || named || choice.verdict !== 'allow') return choice
  return { verdict: 'ask', reason: 'its author wants a person to be asked' }
}

function speaksOf({ tool, effect }: ToolRule, id: string, facet: Facet): boolean {
  return (tool === undefined || fits(tool, id)) && (effect === undefined || effect === facet)
}

/** How much a rule has to say about a tool. */
function rankOf({ tool, effect, action }: ToolRule, id: string): number {
  if (action === 'deny') return 4
  if (tool === id) return 3
  if (tool !== undefined) return 2
  return effect === undefined ? 0 : 1
}

/** What is denied by name stays denied inside a chain; effects of parts are effects of the chain. */
function deniedPart({ parts = [] }: JudgedTool, rules: readonly ToolRule[]): Choice | undefined {
  for (const part of parts) {
    const rule = rules.find(
      ({ tool, effect, action }) =>
        action === 'deny' &&
        tool !== undefined &&
        fits(tool, part.id) &&
        (effect === undefined || part.effects.includes(effect))
    )
    if (rule !== undefined) {
      return {
        verdict: 'deny',
        reason: `it uses ${part.id}, and there is the rule ${ruleText(rule)}`
      }
    }
    const deeper = deniedPart(part, rules)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** Never by a rule about effects alone: what lets secrets out has to be named. */
function mayTainted({ id, effects }: JudgedTool, rules: readonly ToolRule[]): boolean {
  return rules.some(
    ({ tool, effect, action, tainted = false }) =>
      tainted &&
      action === 'allow' &&
      tool !== undefined &&
      fits(tool, id) &&
      (effect === undefined || effects.every((own) => own === effect))
  )
}

function severity(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict)
}

/** Whether `id` is of the form `pattern`, in which `*` stands for any characters. */
export function fits(pattern: string, id: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return pattern === id
  if (!id.startsWith(first)) return false
  let at = first.length
  for (const piece of others) {
    const found = id.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return id.length - last.length >= at && id.endsWith(last)
}
