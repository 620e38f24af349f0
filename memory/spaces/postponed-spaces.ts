/** Spaces whose owners are not on the members list yet: what one peer makes up leaves room for what others tell. */
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AuthorKey } from '../replica/record.ts'

export interface PostponedSpace {
  readonly genesis: Uint8Array
  /** As the genesis says. */
  readonly owner: AuthorKey
  /** Who told of it. */
  readonly peer: PeerIdText
}

export interface PostponedSpaces {
  add(space: PostponedSpace): void
  /** Takes out what waited for `isReady`; what several peers told of once for each. */
  take(isReady: (owner: AuthorKey) => boolean): readonly PostponedSpace[]
}

const MOST = 4 * LIMITS.memorySpaces.value

export function createPostponedSpaces(): PostponedSpaces {
  /** By who told of them, each the oldest first. */
  const told = new Map<PeerIdText, Map<string, PostponedSpace>>()
  let count = 0

  function remove(peer: PeerIdText, text: string): void {
    const own = told.get(peer)
    if (own?.delete(text)) count -= 1
    if (own?.size === 0) told.delete(peer)
  }

  /** The oldest of whoever told of most. */
  function dropOne(): void {
    let [most, size] = ['', 0]
    for (const [peer, own] of told) if (own.size > size) [most, size] = [peer, own.size]
    const [oldest] = told.get(most)?.keys() ?? []
    if (oldest !== undefined) remove(most, oldest)
  }

  return {
    add(space) {
      const { genesis, peer } = space
      const text = Buffer.from(genesis).toString('latin1')
      remove(peer, text)
      told.set(peer, (told.get(peer) ?? new Map<string, PostponedSpace>()).set(text, space))
      count += 1
      if (count > MOST) dropOne()
    },
    take(isReady) {
      const ready = [...told.values()].flatMap((own) =>
        [...own].filter(([, { owner }]) => isReady(owner))
      )
      for (const [text, { peer }] of ready) remove(peer, text)
      return ready.map(([, space]) => space)
    }
  }
}
