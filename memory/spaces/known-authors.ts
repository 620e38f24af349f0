/** Whose writers and spaces this node has room for: keys cost nothing, and anybody can make up owners and authors. */
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { AuthorKey } from '../replica/record.ts'

export interface KnownAuthors {
  /**
   * With a members list: whoever is on it, or ever was, under any of its keys. Without one: this node, and
   * those with whom it has had a session.
   */
  isKnown(author: AuthorKey): boolean
  /** Whether there is a list. Then nobody is a stranger who has merely not been met. */
  readonly listed: boolean
}

/** Who is, or was, on the members list. */
export interface ListedAuthors {
  /** All keys of all of them; `undefined` without a list. */
  readonly all: () => ReadonlySet<AuthorKey> | undefined
  /** Calls `listener` after each change, until what it returns is called. */
  readonly onChanged: (listener: () => void) => () => void
}

export interface KnownAuthorsComponents {
  readonly sessions: Pick<Sessions, 'events' | 'all'>
  readonly authorsOf: (peer: PeerIdText) => readonly AuthorKey[]
  /** Default: there is no list. */
  readonly listedAuthors?: ListedAuthors
  readonly self: AuthorKey
}

/** Where nobody is a stranger. */
export const ALL_KNOWN: KnownAuthors = { isKnown: () => true, listed: false }

/** Notes whom it meets from the start to the stop. */
export function createKnownAuthors(components: KnownAuthorsComponents): KnownAuthors & Component {
  const { sessions, authorsOf, listedAuthors, self } = components
  const met = new RecentMap<AuthorKey, true>(LIMITS.memoryWriters.value)

  const meet = ({ peer }: Pick<Session, 'peer'>): void => {
    try {
      for (const author of authorsOf(peer)) met.set(author, true)
    } catch {
      // A peer with another kind of key is the author of nothing.
    }
  }

  return {
    isKnown: (author) => author === self || (listedAuthors?.all() ?? met).has(author),
    get listed() {
      return listedAuthors?.all() !== undefined
    },
    async start() {
      sessions.events.off('opened', meet)
      sessions.events.on('opened', meet)
      for (const session of sessions.all()) meet(session)
    },
    async stop() {
      sessions.events.off('opened', meet)
    }
  }
}
