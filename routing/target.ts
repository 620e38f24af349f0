/** Understands what people write for an agent and for a node. */
import { formatDemand, splitDemands } from '../core/attributes.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { NodeName } from '../tasks/caller/dispatcher.ts'

export interface Target {
  /** What to ask the directory for: a name, or `@agent`. */
  readonly query: string
  /** True for `@agent`: the name is an agent's and nothing else. */
  readonly exact: boolean
  /** The node of `@agent@node`. */
  readonly node: string | undefined
}

/** Agent id, skill id, tag, `@agent` or `@agent@node`; with demands (`lang=de`) in any place. */
export function parseTarget(input: string): Target {
  const { text, demands } = splitDemands(input)
  const [, agent, node] = /^@([^@\s]+)(?:@([^@\s]+))?$/.exec(text) ?? []
  const name = agent === undefined ? text : `@${agent}`
  const query = [name, ...demands.map(formatDemand)].join(' ')
  return { query, exact: agent !== undefined, node }
}

const SHORTEST_PREFIX = 6
/** What every PeerId of an Ed25519 key begins with: it tells nothing, so that it may be left out. */
const COMMON_PREFIX = '12D3KooW'

/**
 * The node that `reference` means: its whole PeerId, else its name, else a beginning of its PeerId.
 * Throws PEER_UNKNOWN or PEER_AMBIGUOUS.
 */
export function resolveNode(reference: string, nodes: readonly NodeName[]): PeerIdText {
  const exact = nodes.find(({ id }) => id === reference)
  if (exact !== undefined) return exact.id
  const name = reference.toLowerCase()
  const named = nodes.filter((node) => node.name.toLowerCase() === name)
  const found = named.length > 0 ? named : nodes.filter(({ id }) => beginsWith(id, reference))
  const [only] = found
  if (only === undefined) throw new LumosError('PEER_UNKNOWN', { details: { peer: reference } })
  if (found.length > 1) {
    throw new LumosError('PEER_AMBIGUOUS', { details: { peer: reference, count: found.length } })
  }
  return only.id
}

function beginsWith(id: PeerIdText, reference: string): boolean {
  if (reference.length < SHORTEST_PREFIX) return false
  return id.startsWith(reference) || id.startsWith(COMMON_PREFIX + reference)
}
