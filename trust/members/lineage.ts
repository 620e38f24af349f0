/** Which keys belonged to one node, one after the other: by its successions it stays who it is. */
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { keptMarks } from './statement.ts'
import type { Succession } from './statement.ts'

export interface Lineage {
  /** The id that `peer` has now; itself, unless it was succeeded. */
  present(peer: PeerIdText): PeerIdText
  /** All ids of the node that `peer` is or was, oldest first. */
  idsOf(peer: PeerIdText): readonly PeerIdText[]
  /** All ids that were given up. */
  former(): readonly PeerIdText[]
  /** The last words of `peer`. */
  successionOf(peer: PeerIdText): Succession | undefined
  /** Those of the node that `peer` is or was, oldest first. */
  successionsOf(peer: PeerIdText): readonly Succession[]
  /** False for what a key has said that was given up, and its successor has not kept. */
  keeps(by: PeerIdText, mark: () => string): boolean
  /** Whether it may be added: each key has one heir and one ancestor, and no node too many keys. */
  allows(succession: Succession): boolean
  /** @throws TypeError for what it does not allow */
  add(succession: Succession): void
  remove(succession: Succession): void
}

interface Known {
  readonly succession: Succession
  readonly marks: ReadonlySet<string>
}

export function createLineage(): Lineage {
  const known = new Map<PeerIdText, Known>()
  const ancestors = new Map<PeerIdText, PeerIdText>()

  const heirOf = (peer: PeerIdText): PeerIdText | undefined => known.get(peer)?.succession.peer
  const successionOf = (peer: PeerIdText): Succession | undefined => known.get(peer)?.succession

  function idsOf(peer: PeerIdText): readonly PeerIdText[] {
    const ids = [last(peer, (id) => ancestors.get(id))]
    for (let id = heirOf(ids[0] ?? peer); id !== undefined; id = heirOf(id)) ids.push(id)
    return ids
  }

  function allows({ by, peer }: Succession): boolean {
    if (known.has(by) || ancestors.has(peer)) return false
    const before = idsOf(by)
    // A ring would have no present id.
    if (before.includes(peer)) return false
    return before.length + idsOf(peer).length <= LIMITS.keySuccessions.value
  }

  return {
    present: (peer) => last(peer, heirOf),
    idsOf,
    former: () => [...known.keys()],
    successionOf,
    successionsOf: (peer) =>
      idsOf(peer)
        .map(successionOf)
        .filter((each) => each !== undefined),
    keeps: (by, mark) => known.get(by)?.marks.has(mark()) ?? true,
    allows,
    add(succession) {
      if (!allows(succession)) throw new TypeError('one key has one heir')
      known.set(succession.by, { succession, marks: keptMarks(succession) })
      ancestors.set(succession.peer, succession.by)
    },
    remove({ by, peer }) {
      known.delete(by)
      ancestors.delete(peer)
    }
  }
}

function last(from: PeerIdText, next: (peer: PeerIdText) => PeerIdText | undefined): PeerIdText {
  let at = from
  for (let step = next(at); step !== undefined; step = next(at)) at = step
  return at
}
