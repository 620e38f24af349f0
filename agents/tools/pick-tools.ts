/** Finds the tools that an agent wants to have: those of its node by name, and those that it brings along. */
import { suggest } from '../../core/suggest.ts'
import { asTool } from './define-tool.ts'
import { fits } from './policy.ts'
import { unknownTool } from './registry.ts'
import type { ToolRegistry } from './registry.ts'
import type { Tool } from './tool.ts'

export interface PickedTool {
  readonly tool: Tool
  /** A tool of the node is looked up again when it is called: it may have been replaced or disabled. */
  readonly from: 'agent' | 'node'
}

/** So that limits of a tool that an agent brings to each of its runs hold over all of them. */
const brought = new WeakMap<object, Tool>()

/**
 * By id, in the order they were wanted; what an agent brings comes before what the node has. A tool that
 * is disabled is left out.
 *
 * @throws TOOL_UNKNOWN, TypeError for what is no tool
 */
export function pickTools(
  wanted: readonly (string | object)[],
  registry: Pick<ToolRegistry, 'tools' | 'find' | 'entries'>
): ReadonlyMap<string, PickedTool> {
  const picked = new Map<string, PickedTool>()
  for (const item of wanted) {
    if (typeof item === 'string') {
      for (const tool of named(item, registry)) {
        if (!picked.has(tool.id)) picked.set(tool.id, { tool, from: 'node' })
      }
    } else {
      const tool = broughtTool(item)
      picked.set(tool.id, { tool, from: 'agent' })
    }
  }
  return picked
}

function broughtTool(value: object): Tool {
  const known = brought.get(value)
  if (known !== undefined) return known
  const tool = asTool(value)
  brought.set(value, tool)
  return tool
}

function named(
  name: string,
  { tools, find, entries }: Pick<ToolRegistry, 'tools' | 'find' | 'entries'>
): readonly Tool[] {
  if (name.includes('*')) return tools().filter(({ id }) => fits(name, id))
  const found = find(name)
  if (found !== undefined) return [found]
  const ids = entries().map(({ tool }) => tool.id)
  if (ids.includes(name)) return []
  throw unknownTool(name, suggest(name, ids))
}
