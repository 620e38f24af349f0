/** What the owner of a space says about others, and what it all comes to for people who look. */
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { peerOfKey } from '../../trust/author-key.ts'
import type { AuthorKey } from '../replica/record.ts'
import type { Signer } from '../replica/record-signature.ts'
import type { Replica } from '../replica/replica.ts'
import { timeCut } from './cut-time.ts'
import type { SecretKeeper } from './secret-keeper.ts'
import { createStatement } from './statement.ts'
import type { Cut, Grant, Revocation, SharedSecret, Statement } from './statement.ts'

export interface SpaceOwner {
  /**
   * @throws SPACE_NOT_OWNED, SPACE_INVALID for a prefix that does not end with `/`, SPACE_FULL when only
   *   what takes grants back has room, STORE_FULL, STORE_FAILED
   */
  grant(author: AuthorKey, grant: Omit<Grant, 'kind'>): Promise<void>
  /**
   * Ends all grants of `author`, also what an open space gives without one. What it has written, as far
   * as this node has seen, stays; what it writes from now on counts nowhere, whatever time it bears.
   * There is always room to do this once for each who has a grant.
   *
   * @throws SPACE_NOT_OWNED, SPACE_FULL also when it was done, but a sealed space has no room for another
   *   secret, STORE_FULL, STORE_FAILED
   */
  revoke(author: AuthorKey): Promise<void>
}

export interface SealingOwner extends SpaceOwner {
  /**
   * Makes the first secret of a sealed space, unless there is one.
   *
   * @throws SPACE_NOT_OWNED, SPACE_FULL, STORE_FULL, STORE_FAILED
   */
  begin(): Promise<void>
}

type Said = (Grant | Revocation | SharedSecret) & { readonly author: AuthorKey }

export interface SpaceOwnerComponents {
  readonly replica: Pick<
    Replica,
    'space' | 'statements' | 'admit' | 'lastHeld' | 'lastSeen' | 'writersOf' | 'mayRead'
  >
  readonly signer: Signer
  /** Told after each statement. */
  readonly onSaid?: () => void
  /** Of a sealed space. */
  readonly secrets?: SecretKeeper
}

export function createSpaceOwner({
  replica,
  signer,
  onSaid = () => {},
  secrets
}: SpaceOwnerComponents): SealingOwner {
  const { space } = replica
  let queue: Promise<unknown> = Promise.resolve()

  /** The owner, and all that it has let in and whose time is not over. */
  const readers = (): Set<AuthorKey> =>
    new Set([signer.author, ...[...holdersIn(replica)].filter((each) => replica.mayRead(each))])

  /** One after the other: each number is above those before it. `what` is told how many there is room for. */
  function say(what: (room: number) => Promise<readonly Said[]>): Promise<void> {
    if (space.owner !== signer.author) return Promise.reject(notOwned(space))
    const said = queue.then(async () => {
      // Beyond the limit those of the highest numbers are dropped: the new ones.
      const room = LIMITS.memoryStatements.value - replica.statements.length
      const bodies = await what(room)
      if (bodies.length > room) throw full(space, NO_ROOM)
      return replica.admit(statementsOf(bodies))
    })
    queue = said.catch(() => undefined)
    return said.then(onSaid)
  }

  function statementsOf(bodies: readonly Said[]): Uint8Array[] {
    const last = Math.max(0, ...replica.statements.map(({ number }) => number))
    return bodies.map((body, index) => {
      const number = last + 1 + index
      return createStatement(space.id, { ...body, number }, signer).bytes
    })
  }

  async function sayRevoked(author: AuthorKey): Promise<void> {
    let isWhole = true
    await say(async (room) => {
      const fresh = (await secrets?.next(without(readers(), author))) ?? []
      // Last: it keeps what is here by then.
      const cuts = await revocationsOf(replica, author)
      const others = without(holdersIn(replica), author)
      const spare = Math.max(1, room - others.size)
      isWhole = cuts.length + fresh.length <= spare
      // Writers that no cut names lose all: harsher than needed, and better than to let one go on.
      return isWhole ? [...cuts, ...fresh] : cuts.slice(0, spare)
    })
    if (!isWhole && secrets !== undefined) throw full(space, NO_SECRET)
  }

  return {
    grant: (author, grant) =>
      say(async (room) => {
        const said = [
          { ...grant, kind: 'grant', author } as const,
          ...((await secrets?.allFor(author)) ?? [])
        ]
        const kept =
          holdersIn(replica).add(author).size +
          (secrets === undefined ? 0 : readers().add(author).size)
        if (said.length + kept > room) throw full(space, ONLY_REVOCATIONS)
        return said
      }),
    revoke: sayRevoked,
    begin: () => say(async () => (secrets?.isEmpty ? secrets.next(readers()) : []))
  }
}

type Held = SpaceOwnerComponents['replica']

async function revocationsOf(replica: Held, author: AuthorKey): Promise<Said[]> {
  const cuts: Cut[] = []
  for (const writer of replica.writersOf(author)) {
    // Not what the vector says: it may be the author's own claim, far ahead of what it has written.
    const sequence = await replica.lastHeld(writer)
    cuts.push({ writer, sequence })
    // Nor what it writes from now on under numbers that it had.
    if (sequence > 0) cuts.push(timeCut(writer, replica.lastSeen))
  }
  const most = LIMITS.memoryCuts.value
  const parts = Array.from({ length: Math.max(1, Math.ceil(cuts.length / most)) }, (_, index) =>
    cuts.slice(index * most, (index + 1) * most)
  )
  return parts.map((part) => ({ kind: 'revocation', endsGrants: true, cuts: part, author }))
}

/** Those who can be put out, each by a statement that must find room. */
function holdersIn({ statements }: Held): Set<AuthorKey> {
  return new Set(currentGrants(statements).grants.map(({ author }) => author))
}

function without(authors: ReadonlySet<AuthorKey>, one: AuthorKey): Set<AuthorKey> {
  return new Set([...authors].filter((author) => author !== one))
}

export interface CurrentGrants {
  /** Those that no revocation has ended; some may have run out. */
  readonly grants: readonly (Statement & Grant)[]
  readonly revoked: readonly AuthorKey[]
}

export function currentGrants(statements: readonly Statement[]): CurrentGrants {
  const ended = new Map<AuthorKey, number>()
  for (const { author, number, ...body } of statements) {
    if (body.kind !== 'revocation' || !body.endsGrants) continue
    ended.set(author, Math.max(number, ended.get(author) ?? 0))
  }
  const grants = statements
    .filter((each): each is Statement & Grant => each.kind === 'grant')
    .filter(({ author, number }) => number >= (ended.get(author) ?? 0))
    .toSorted((a, b) => a.number - b.number)
  const granted = new Set(grants.map(({ author }) => author))
  return { grants, revoked: [...ended.keys()].filter((author) => !granted.has(author)) }
}

function notOwned({ name, owner }: Replica['space']): LumosError {
  const details = { space: name, owner: owner === undefined ? 'nobody' : peerOfKey(owner) }
  return new LumosError('SPACE_NOT_OWNED', { details })
}

const ONLY_REVOCATIONS = 'what is left of its room for statements is kept for taking grants back'
const NO_ROOM = 'it holds as many statements of its owner as it may'
const NO_SECRET = 'the grants are taken back, but its values go on under the old secret'

function full({ name }: Replica['space'], reason: string): LumosError {
  const fix = 'go on in a new space: lumos spaces create NAME'
  return new LumosError('SPACE_FULL', { details: { space: name, reason, fix } })
}
