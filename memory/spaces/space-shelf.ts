/** Which spaces a node has beside the one of everybody, and which it has forgotten, as its database knows them. */
import { createByteReader, createByteWriter } from '../../core/bytes.ts'
import { LumosError } from '../../core/errors.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { MemoryId } from '../replica/record.ts'
import type { Verify } from '../replica/record-signature.ts'
import { decodeSpace } from './space.ts'
import type { Space } from './space.ts'

export interface SpaceShelfComponents {
  readonly store: Pick<Store, 'iterate' | 'commit'>
  readonly verify: Verify
}

export interface ForgottenSpace {
  readonly space: Space
  /** Of its replica: positions in its feed must mean nothing in another one's. */
  readonly epoch: number
}

export interface ForgetInit {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Of forgotten spaces that are known no more. */
  readonly dropped: readonly MemoryId[]
}

export interface SpaceShelf {
  /**
   * Without those that are forgotten.
   *
   * @throws STORE_CORRUPT
   */
  all(): Promise<readonly Space[]>
  /** Also one that was forgotten. */
  add(space: Space): Promise<void>
  /** What adds it. */
  rowsOf(space: Space): readonly Operation[]
  /**
   * The one that was forgotten longest ago stands first.
   *
   * @throws STORE_CORRUPT
   */
  forgotten(): Promise<readonly ForgottenSpace[]>
  forget(forgotten: ForgottenSpace, init: ForgetInit): Promise<void>
}

const ROWS = 'mem/spaces/'
const FORGOTTEN = 'mem/forgotten/'
/** Time and epoch, before the genesis. */
const HEAD_BYTES = 10

export function createSpaceShelf({ store, verify }: SpaceShelfComponents): SpaceShelf {
  async function decoded(bytes: Uint8Array): Promise<Space> {
    try {
      return await decodeSpace(bytes, verify)
    } catch (cause) {
      throw corrupt(cause)
    }
  }

  async function forgotten(): Promise<readonly ForgottenSpace[]> {
    const found: (ForgottenSpace & { readonly at: number })[] = []
    for await (const [, value] of store.iterate(prefixRange(FORGOTTEN))) {
      const reader = createByteReader(value, corrupt)
      const [at, epoch] = [reader.u48(), reader.u32()]
      found.push({ at, epoch, space: await decoded(value.subarray(HEAD_BYTES)) })
    }
    return found.toSorted((a, b) => a.at - b.at)
  }

  return {
    forgotten,
    async all() {
      const gone = new Set((await forgotten()).map(({ space }) => space.id))
      const spaces: Space[] = []
      for await (const [, bytes] of store.iterate(prefixRange(ROWS))) {
        const space = await decoded(bytes)
        // A database that was salvaged may hold old rows beside new ones.
        if (!gone.has(space.id)) spaces.push(space)
      }
      return spaces
    },
    add: (space) => store.commit(rowsOf(space), { sync: true }),
    rowsOf,
    forget({ space: { id, bytes }, epoch }, { at, dropped }) {
      const writer = createByteWriter()
      writer.u48(at)
      writer.u32(epoch)
      writer.bytes(bytes)
      return store.commit(
        [
          deletionOf(ROWS + id),
          { type: 'put', key: FORGOTTEN + id, value: writer.take() },
          ...dropped.map((each) => deletionOf(FORGOTTEN + each))
        ],
        { sync: true }
      )
    }
  }
}

function rowsOf({ id, bytes }: Space): readonly Operation[] {
  return [{ type: 'put', key: ROWS + id, value: bytes }, deletionOf(FORGOTTEN + id)]
}

function deletionOf(key: string): Operation {
  return { type: 'del', key }
}

function corrupt(cause: unknown): LumosError {
  const details = { path: 'mem', reason: 'a space of shared memory' }
  return new LumosError('STORE_CORRUPT', { cause, details })
}
