/** What routing needs to know about who can do what; `node/` fulfils it from discovery. */
import type { PeerIdText } from '../core/ids.ts'
import type { NodeName } from '../tasks/caller/dispatcher.ts'

/** An agent that fits a target. */
export interface RouteProvider {
  readonly peer: PeerIdText
  /** Node name. */
  readonly name: string
  readonly agentId: string
  /** Which of its names fitted; one exact name beats many fuzzy ones. */
  readonly match: 'agent' | 'skill' | 'prefix' | 'tag' | 'words'
  /** Running tasks per slot, 0 to 1. */
  readonly load: number | undefined
  /** Tasks it runs at the same time, as it says. */
  readonly slots?: number
  /** What one task costs, in the swarm's own unit; free when its card names no price. */
  readonly price?: number
  readonly local: boolean
  readonly connected: boolean
  /** Whether the same task may be run again elsewhere without harm. */
  readonly idempotent: boolean
  /** Whether it goes on with what another one had begun; default false. */
  readonly resumable?: boolean
}

export interface RouteDirectory {
  /** Agents for a target, this node's own included; may ask the network when none is known. */
  find(target: string, signal: AbortSignal): Promise<readonly RouteProvider[]>
  /** All nodes known, this one included. */
  nodes(): readonly NodeName[]
}
