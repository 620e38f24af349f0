/** What the owner of a space says about others, and what it all comes to for people who look. */
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { peerOfKey } from '../trust/author-key.ts'
import type { AuthorKey } from './record.ts'
import type { Signer } from './record-signature.ts'
import type { Replica } from './replica.ts'
import type { SecretKeeper } from './secret-keeper.ts'
import { createStatement } from './statement.ts'
import type { Cut, Grant, Revocation, SharedSecret, Statement } from './statement.ts'

export interface SpaceOwner {
  /**
   * @throws SPACE_NOT_OWNED, SPACE_INVALID for a prefix that does not end with `/`, WRITE_DENIED when the space
   *   has no room for more statements, STORE_FULL, STORE_FAILED
   */
  grant(author: AuthorKey, grant: Omit<Grant, 'kind'>): Promise<void>
  /**
   * Ends all grants of `author`, also what an open space gives without one. What it has written, as far
   * as this node has seen, stays; what it writes from now on counts nowhere, whatever time it bears.
   *
   * @throws SPACE_NOT_OWNED, WRITE_DENIED when the space has no room for more statements, STORE_FULL, STORE_FAILED
   */
  revoke(author: AuthorKey): Promise<void>
}

export interface SealingOwner extends SpaceOwner {
  /**
   * Makes the first secret of a sealed space, unless there is one.
   *
   * @throws SPACE_NOT_OWNED, WRITE_DENIED when the space has no room for more statements, STORE_FULL, STORE_FAILED
   */
  begin(): Promise<void>
}

type Said = (Grant | Revocation | SharedSecret) & { readonly author: AuthorKey }

export interface SpaceOwnerComponents {
  readonly replica: Pick<
    Replica,
    'space' | 'statements' | 'admit' | 'lastHeld' | 'writersOf' | 'mayRead'
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

  /** One after the other: each number is above those before it. */
  function say(what: () => Promise<readonly Said[]>): Promise<void> {
    if (space.owner !== signer.author) return Promise.reject(notOwned(space))
    const said = queue.then(async () => {
      const bodies = await what()
      // Beyond the limit those of the highest numbers are dropped: the new ones.
      const most = LIMITS.memoryStatements.value
      if (replica.statements.length + bodies.length > most) throw full(space, most)
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

  async function revocations(author: AuthorKey): Promise<Said[]> {
    const cuts: Cut[] = []
    for (const writer of replica.writersOf(author)) {
      // Not what the vector says: it may be the author's own claim, far ahead of what it has written.
      cuts.push({ writer, sequence: await replica.lastHeld(writer) })
    }
    const most = LIMITS.memoryCuts.value
    const parts = Array.from({ length: Math.max(1, Math.ceil(cuts.length / most)) }, (_, index) =>
      cuts.slice(index * most, (index + 1) * most)
    )
    return parts.map((part) => ({ kind: 'revocation', endsGrants: true, cuts: part, author }))
  }

  /** The owner, and all that it has let in and whose time is not over, but for `without`. */
  function readers(without?: AuthorKey): Set<AuthorKey> {
    const { grants } = currentGrants(replica.statements)
    const granted = grants.map(({ author }) => author).filter((each) => replica.mayRead(each))
    const all = new Set([signer.author, ...granted])
    if (without !== undefined) all.delete(without)
    return all
  }

  return {
    grant: (author, grant) =>
      say(async () => [{ ...grant, kind: 'grant', author }, ...(secrets?.allFor(author) ?? [])]),
    revoke: (author) =>
      say(async () => [...(await revocations(author)), ...(secrets?.next(readers(author)) ?? [])]),
    begin: () => say(async () => (secrets?.isEmpty ? secrets.next(readers()) : []))
  }
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

function full({ name }: Replica['space'], most: number): LumosError {
  const reason = `it has room for ${most} grants and revocations`
  return new LumosError('WRITE_DENIED', { details: { key: 'a statement', space: name, reason } })
}
