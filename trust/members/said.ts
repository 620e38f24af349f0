/** What was said about each id, whoever said it. */
import type { PeerIdText } from '../../core/ids.ts'
import type { MemberStatement } from './statement.ts'

export class Said {
  readonly #about = new Map<PeerIdText, Map<PeerIdText, MemberStatement>>()

  /** In the place of what `by` said before. */
  put(statement: MemberStatement): void {
    const { peer, by } = statement
    const words = this.#about.get(peer) ?? new Map<PeerIdText, MemberStatement>()
    this.#about.set(peer, words.set(by, statement))
  }

  drop({ peer, by }: MemberStatement): void {
    const words = this.#about.get(peer)
    words?.delete(by)
    if (words?.size === 0) this.#about.delete(peer)
  }

  /** The highest number of a sentence about any of `ids`, but for those of `except`; 0 when nobody has said anything. */
  highest(ids: readonly PeerIdText[], except: readonly PeerIdText[] = []): number {
    return this.#highest(ids, ({ by }) => !except.includes(by))
  }

  /** The same of what others have said: nobody is on the list by its own word. */
  highestOfOthers(ids: readonly PeerIdText[]): number {
    return this.#highest(ids, ({ standing }) => standing !== 'left')
  }

  #highest(ids: readonly PeerIdText[], counts: (statement: MemberStatement) => boolean): number {
    let highest = 0
    for (const id of ids) {
      for (const statement of this.#about.get(id)?.values() ?? []) {
        if (counts(statement)) highest = Math.max(highest, statement.seq)
      }
    }
    return highest
  }
}
