/**
 * Remembers how each tool of an MCP server described itself when the user took it in.
 *
 * A server that was harmless on the day it was added may later tell the model something else ("rug
 * pull"); such a tool is held back until the user has seen it.
 */
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
  const isAsApproved = ({ name, digest }: McpTool): boolean => (pins[name] ?? digest) === digest
  const fresh = tools.filter(({ name }) => !Object.hasOwn(pins, name))
  return {
    offered: tools.filter(isAsApproved),
    changed: tools.filter((each) => !isAsApproved(each)),
    pins: fresh.length === 0 ? pins : { ...pins, ...pinsOf(fresh) }
  }
}

export function pinsOf(tools: readonly McpTool[]): McpPins {
  return Object.fromEntries(tools.map(({ name, digest }) => [name, digest]))
}
