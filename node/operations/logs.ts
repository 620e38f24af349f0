/** Which lines of the log concern a peer: they name it by its PeerId, people by its name. */
import { toLumosError } from '../../core/errors.ts'
import type { LogFilter } from '../../gateway/control/log-operations.ts'
import type { Assembly } from '../assembly.ts'
import { peerViews } from './peer-views.ts'
import { selectPeer } from './selectors.ts'

/** @throws PEER_AMBIGUOUS */
export function linesOf(assembly: Assembly, { peer, ...filter }: LogFilter): LogFilter {
  if (peer === undefined) return filter
  return { ...filter, peer: peer.flatMap((selector) => [selector, ...found(assembly, selector)]) }
}

function found(assembly: Assembly, selector: string): readonly string[] {
  try {
    const { id, name } = selectPeer(peerViews(assembly), selector)
    return name === '' ? [id] : [id, name]
  } catch (error) {
    // Lines may tell of one that is long forgotten.
    if (toLumosError(error).code === 'PEER_UNKNOWN') return []
    throw error
  }
}
