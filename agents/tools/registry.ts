/** The tools that a node has now: from where, in which versions, and which of them may be used. */
import { EventEmitter } from 'node:events'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { suggest } from '../../core/suggest.ts'
import { fits } from './policy.ts'
import type { Tool } from './tool.ts'
import { compareText, compareVersions } from './versions.ts'

/** `builtin`, `program`, `folder`, or a server: `mcp:NAME`. */
export type ToolSource = 'builtin' | 'program' | 'folder' | `mcp:${string}`

/**
 * Whose tool of an id is used when several sources have one: what a stranger's server offers must never
 * stand in for what the owner of the node has put there.
 */
const RANKS: readonly string[] = ['program', 'folder', 'builtin']

export interface ToolEntry {
  readonly tool: Tool
  readonly source: ToolSource
  readonly enabled: boolean
  /** It is the one that its id stands for. */
  readonly current: boolean
}

export interface ToolRegistryEvents {
  /** What can be used is another set of tools than before. */
  changed: []
}

export interface ToolRegistry {
  readonly events: EventEmitter<ToolRegistryEvents>
  /** Every version of every tool: by id, the one in use first. */
  entries(): readonly ToolEntry[]
  /** What each id stands for: of the highest source that has an enabled version of it, the newest. */
  tools(): readonly Tool[]
  /** One of {@link tools}. */
  find(id: string): Tool | undefined
  /**
   * By id, or `id@version`, enabled or not.
   *
   * @throws TOOL_UNKNOWN
   */
  entry(selector: string): ToolEntry
  /**
   * Replaces all tools of `source`. A call that is under way ends with the tool it began with.
   *
   * @throws TOOLS_FULL, TypeError for two tools of the same id and version; nothing has changed then
   */
  assign(source: ToolSource, tools: readonly Tool[]): void
  /** `selector`: an id (all its versions) or `id@version`; need not be there (yet). */
  setEnabled(selector: string, enabled: boolean): void
  /** Selectors. */
  disabled(): readonly string[]
}

export interface ToolRegistryInit {
  /** Forms of the ids that can be used at all, with `*` for any characters. Default: every id. */
  readonly offered?: readonly string[]
  readonly disabled?: readonly string[]
}

interface Member {
  readonly tool: Tool
  readonly source: ToolSource
}

export function createToolRegistry({
  offered = ['*'],
  disabled = []
}: ToolRegistryInit = {}): ToolRegistry {
  const events = new EventEmitter<ToolRegistryEvents>()
  const off = new Set(disabled)
  let members: readonly Member[] = []
  let entries: readonly ToolEntry[] = []
  let current: ReadonlyMap<string, Tool> = new Map()

  function arrange(): void {
    const before = current
    const sorted = members.toSorted(
      (a, b) =>
        compareText(a.tool.id, b.tool.id) ||
        rankOf(a.source) - rankOf(b.source) ||
        compareVersions(b.tool.version, a.tool.version)
    )
    const usable = new Map<string, Tool>()
    entries = sorted.map(({ tool, source }) => {
      const enabled =
        offered.some((pattern) => fits(pattern, tool.id)) &&
        !off.has(tool.id) &&
        !off.has(`${tool.id}@${tool.version}`)
      const first = enabled && !usable.has(tool.id)
      if (first) usable.set(tool.id, tool)
      return { tool, source, enabled, current: first }
    })
    current = usable
    if (!isSame(before, current)) events.emit('changed')
  }

  function assign(source: ToolSource, tools: readonly Tool[]): void {
    checkTools(tools)
    const next = [
      ...members.filter((member) => member.source !== source),
      ...tools.map((tool) => ({ tool, source }))
    ]
    const limit = LIMITS.tools.value
    if (next.length > limit) {
      throw new LumosError('TOOLS_FULL', { details: { tools: next.length, limit } })
    }
    members = next
    arrange()
  }

  return {
    events,
    entries: () => entries,
    tools: () => [...current.values()],
    find: (id) => current.get(id),
    entry: (selector) => findEntry(entries, selector),
    assign,
    setEnabled(selector, enabled) {
      if (!enabled) off.add(selector)
      else for (const known of off) if (covers(selector, known)) off.delete(known)
      arrange()
    },
    disabled: () => [...off]
  }
}

function rankOf(source: ToolSource): number {
  const rank = RANKS.indexOf(source)
  return rank < 0 ? RANKS.length : rank
}

/** Whether the tool is one that the selector names. */
function selects(selector: string, { id, version }: Tool): boolean {
  return selector === id || selector === `${id}@${version}`
}

/** To enable an id enables all its versions again. */
function covers(selector: string, known: string): boolean {
  return selector === known || (!selector.includes('@') && known.startsWith(`${selector}@`))
}

function isSame(a: ReadonlyMap<string, Tool>, b: ReadonlyMap<string, Tool>): boolean {
  return a.size === b.size && [...a].every(([id, tool]) => b.get(id) === tool)
}

function checkTools(tools: readonly Tool[]): void {
  const names = new Set<string>()
  for (const { id, version } of tools) {
    const name = `${id}@${version}`
    if (names.has(name)) throw new TypeError(`there are two tools ${name}`)
    names.add(name)
  }
}

function findEntry(entries: readonly ToolEntry[], selector: string): ToolEntry {
  const fitting = entries.filter(({ tool }) => selects(selector, tool))
  const found = fitting.find(({ current }) => current) ?? fitting[0]
  if (found !== undefined) return found
  const near = suggest(
    selector,
    entries.map(({ tool }) => tool.id)
  )
  throw unknownTool(selector, near)
}

/** `near`: a tool that may have been meant. */
export function unknownTool(tool: string, near: string | undefined): LumosError {
  return new LumosError('TOOL_UNKNOWN', { details: { tool, ...(near !== undefined && { near }) } })
}
