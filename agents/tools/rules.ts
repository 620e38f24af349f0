/** Holds what the owner of the node has decided about tools: in its configuration, and since then. */
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ToolCaller, ToolRule } from './rule.ts'

/** A rule that was made while the node runs: always about a tool, for one kind of caller. */
export interface OwnRule extends ToolRule {
  readonly tool: string
  readonly caller: ToolCaller
}

export interface ToolRules {
  /** All of them; the same array until one changes. */
  all(): readonly ToolRule[]
  own(): readonly OwnRule[]
  /**
   * Replaces what was decided before about the same tool and caller; resolves when it will outlive the process.
   *
   * @throws TOOL_RULES_FULL
   */
  set(rule: OwnRule): Promise<void>
  /** Forgets what was decided about `tool`; the configuration and the defaults decide again. */
  reset(tool: string): Promise<void>
}

export interface ToolRulesComponents {
  /** Makes own rules outlive the process. */
  readonly save: (own: readonly OwnRule[]) => Promise<void>
}

export interface ToolRulesInit {
  readonly configured: readonly ToolRule[]
  readonly own: readonly OwnRule[]
}

export function createToolRules(
  { save }: ToolRulesComponents,
  { configured, own: before }: ToolRulesInit
): ToolRules {
  let own = before
  let all = [...configured, ...own]

  async function change(next: readonly OwnRule[]): Promise<void> {
    const limit = LIMITS.toolRules.value
    if (configured.length + next.length > limit) {
      throw new LumosError('TOOL_RULES_FULL', { details: { limit } })
    }
    own = next
    all = [...configured, ...own]
    await save(own)
  }

  return {
    all: () => all,
    own: () => own,
    set: (rule) => change([...own.filter((other) => !isAboutTheSame(other, rule)), rule]),
    reset: (tool) => change(own.filter((rule) => rule.tool !== tool))
  }
}

function isAboutTheSame(a: OwnRule, b: OwnRule): boolean {
  return a.tool === b.tool && a.effect === b.effect && a.caller === b.caller
}
