/** Which spaces of others a node takes up: anybody can make them, and owners cost no more than a key. */
import { LIMITS } from '../../core/limits.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { AuthorKey } from '../replica/record.ts'
import type { KnownAuthors } from './known-authors.ts'
import type { Space } from './space.ts'

export interface SpaceRoom {
  /** Whether there is room for one more space of `owner` that `teller` tells of. */
  admits(owner: AuthorKey, teller: PeerIdText): boolean
  /** Counts one that was taken up. */
  note(owner: AuthorKey, teller: PeerIdText): void
}

const { memorySpaces, memorySpacesPerOwner, memorySpacesPerTeller, connections } = LIMITS

export function createSpaceRoom(
  spaces: () => readonly Pick<Space, 'owner'>[],
  known: KnownAuthors
): SpaceRoom {
  /** Spaces of strangers by who told of them, since the start. */
  const told = new RecentMap<PeerIdText, number>(connections.value)

  function admitsStranger(owners: readonly AuthorKey[], teller: PeerIdText): boolean {
    // One who is not on the list can let nobody into its space any more.
    if (known.listed) return false
    const strangers = owners.filter((owner) => !known.isKnown(owner))
    return (
      strangers.length < memorySpaces.value / 2 &&
      (told.get(teller) ?? 0) < memorySpacesPerTeller.value
    )
  }

  return {
    admits(owner, teller) {
      const owners = spaces().flatMap((space) => (space.owner === undefined ? [] : [space.owner]))
      const own = owners.filter((each) => each === owner)
      if (spaces().length >= memorySpaces.value || own.length >= memorySpacesPerOwner.value) {
        return false
      }
      return known.isKnown(owner) || admitsStranger(owners, teller)
    },
    note(owner, teller) {
      if (!known.isKnown(owner)) told.set(teller, (told.get(teller) ?? 0) + 1)
    }
  }
}
