/** The control API's documents about tools. */
import type { Json, JsonObject } from '../core/json.ts'

export type ToolEffectName = 'read-private' | 'network' | 'write' | 'execute'
export type ToolVerdict = 'allow' | 'ask' | 'deny'

/** What may happen to calls, by whose task it is. */
export interface ToolVerdicts {
  /** Of this node: its user, its programs, its agents. */
  readonly self: ToolVerdict
  readonly peer: ToolVerdict
}

export interface ToolSummary {
  readonly id: string
  readonly version: string
  readonly description: string
  readonly effects: readonly ToolEffectName[]
  /** `builtin`, `program`, `folder` or `mcp:NAME`. */
  readonly source: string
  readonly enabled: boolean
  /** It is the one that its id stands for: several sources and versions may have it. */
  readonly current: boolean
  readonly verdicts: ToolVerdicts
}

/** A file of the folder of tools that cannot be loaded; what it had before goes on serving. */
export interface ToolProblem {
  readonly file: string
  readonly line?: number
  readonly reason: string
}

export interface ToolList {
  readonly v: 1
  readonly tools: readonly ToolSummary[]
  /** Where files become tools. */
  readonly folder: string
  readonly problems: readonly ToolProblem[]
  /** Decided while nodes ran, beside those of the configuration. */
  readonly rules: readonly string[]
}

export interface ToolDetails {
  readonly v: 1
  readonly tool: ToolSummary & {
    readonly inputSchema: JsonObject
    readonly outputSchema?: JsonObject
    /** Strangers write what comes out. */
    readonly untrusted: boolean
    /** What goes in can be read elsewhere. */
    readonly egress: boolean
    /** Why the verdicts are as they are, a clause each. */
    readonly reasons: { readonly self: string; readonly peer: string }
    readonly timeoutMs: number
    /** Calls at the same time. */
    readonly concurrency: number
    /** Calls a minute; `null`: as many as one likes. */
    readonly rate: number | null
    /** Ids of the tools that a chain is made of. */
    readonly parts: readonly string[]
  }
}

export interface ToolCallRequest {
  /** An object, as the tool's schema has it. */
  readonly input: Json
  /** Says yes to what the user would be asked. */
  readonly consent?: boolean
}

/** One line of a call. */
export type ToolCallEvent = { readonly v: 1 } & (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'result'; readonly output: Json; readonly tookMs: number }
)

export interface ToolRuleRequest {
  /** Id, or a form of ids in which `*` stands for any characters. */
  readonly tool: string
  readonly action: ToolVerdict
  /** Without it the rule is about both. */
  readonly caller?: 'self' | 'peer'
  readonly effect?: ToolEffectName
  /** Also where private data and text of strangers have met (docs/tools.md). */
  readonly tainted?: boolean
}
