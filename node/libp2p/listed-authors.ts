/** Under which keys those may have written who are, or were, on the members list. */
import type { PeerIdText } from '../../core/ids.ts'
import type { ListedAuthors } from '../../memory/spaces/known-authors.ts'
import type { AuthorKey } from '../../memory/replica/record.ts'
import { keyOfPeer } from '../../trust/author-key.ts'
import type { Roll } from '../../trust/members/roll.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'

export function createListedAuthors(book: Pick<SwarmBook, 'roll' | 'events'>): ListedAuthors {
  let of: string | undefined
  let authors: ReadonlySet<AuthorKey> | undefined

  return {
    all() {
      const { roll } = book
      // Asked for each batch of records; the list changes once in a while.
      if (of === roll?.digest) return authors
      of = roll?.digest
      authors = roll && authorsOn(roll)
      return authors
    },
    onChanged(listener) {
      book.events.on('changed', listener)
      return () => void book.events.off('changed', listener)
    }
  }
}

/** Also of those who are out: what they wrote before has yet to reach who comes later. */
function authorsOn(roll: Roll): ReadonlySet<AuthorKey> {
  const ids = roll.members().flatMap(({ peer, former }) => [peer, ...former])
  return new Set(ids.flatMap(keysOf))
}

/** An admin may list what is no key. */
function keysOf(peer: PeerIdText): AuthorKey[] {
  try {
    return [keyOfPeer(peer)]
  } catch {
    return []
  }
}
