/**
 * Remembers how each tool of an MCP server described itself when the user took it in.
 *
 * A server that was harmless on the day it was added may later tell the model something else ("rug
 * pull"); such a tool is held back until the user has seen it.
 */
import { LIMITS } from '../../core/limits.ts'
import type { McpTool } from './listing.ts'

/** Digest by tool name. */
export type McpPins = Readonly<Record<string, string>>

export interface PinnedListing {
  readonly offered: readonly McpTool[]
  /** Not as they were approved. */
  readonly changed: readonly McpTool[]
  /** With those that came for the first time. */
  readonly pins: McpPins
}

export function comparePins(tools: readonly McpTool[], pins: McpPins): PinnedListing {
  const isAsApproved = ({ name, digest }: McpTool): boolean =>
    !Object.hasOwn(pins, name) || pins[name] === digest
  const fresh = tools.filter(({ name }) => !Object.hasOwn(pins, name))
  return {
    offered: tools.filter(isAsApproved),
    changed: tools.filter((each) => !isAsApproved(each)),
    pins: fresh.length === 0 ? pins : withPins(pins, fresh)
  }
}

/**
 * Takes `tools` as they are now. What was approved of others stays: a tool that hides while its neighbours are
 * approved is not new when it comes back. The oldest go when a server invents ever more names.
 */
export function withPins(pins: McpPins, tools: readonly McpTool[]): McpPins {
  const taken = new Map(tools.map(({ name, digest }) => [name, digest]))
  const others = Object.entries(pins).filter(([name]) => !taken.has(name))
  const most = Math.max(LIMITS.mcpPins.value - taken.size, 0)
  return Object.fromEntries([...others.slice(Math.max(others.length - most, 0)), ...taken])
}
