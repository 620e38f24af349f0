/** The secrets of a sealed space in the hands of its owner: who is given which. */
import type { Random } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { AuthorKey } from '../replica/record.ts'
import type { Replica } from '../replica/replica.ts'
import { createSlices } from '../slices.ts'
import { createSecretReader, newestOf, sealSecret } from './space-secrets.ts'
import type { SharedSecret } from './statement.ts'

export type Handed = SharedSecret & { readonly author: AuthorKey }

export interface SecretKeeper {
  readonly isEmpty: boolean
  /** All that there are: who comes later reads what was written before. */
  allFor(author: AuthorKey): Promise<readonly Handed[]>
  /** A new one for each of `readers`; values are sealed with it from then on. */
  next(readers: Iterable<AuthorKey>): Promise<readonly Handed[]>
}

export interface SecretKeeperComponents {
  readonly random: Random
  readonly replica: Pick<Replica, 'space' | 'statements'>
  /** Of the owner. */
  readonly author: AuthorKey
  readonly seed: Secret<Uint8Array>
}

const SECRET_BYTES = 32
/** An envelope is made in about a millisecond: see `slices.ts`. */
const SEAL_STEPS = 2048

export function createSecretKeeper(components: SecretKeeperComponents): SecretKeeper {
  const { random, replica, author: owner, seed } = components
  const { id: space } = replica.space

  const secretsOf = createSecretReader(seed, { space, author: owner })

  function handed(author: AuthorKey, secret: number, content: Secret<Uint8Array>): Handed {
    return { ...sealSecret({ random }, { space, author, secret }, content), author }
  }

  return {
    get isEmpty() {
      return newestOf(secretsOf(replica.statements)) === 0
    },
    async allFor(author) {
      const secrets = secretsOf(replica.statements)
      const slices = createSlices()
      const all: Handed[] = []
      for (const number of [...secrets.keys()].toSorted((a, b) => a - b)) {
        const content = secrets.get(number)
        if (content !== undefined) all.push(handed(author, number, content))
        await slices.spend(SEAL_STEPS)
      }
      return all
    },
    async next(readers) {
      const secret = newestOf(secretsOf(replica.statements)) + 1
      const content = new Secret(random.bytes(SECRET_BYTES))
      const slices = createSlices()
      const all: Handed[] = []
      for (const author of readers) {
        all.push(handed(author, secret, content))
        await slices.spend(SEAL_STEPS)
      }
      return all
    }
  }
}
