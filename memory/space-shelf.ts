/** Which spaces a node has beside the one of everybody, as its database knows them. */
import { LumosError } from '../core/errors.ts'
import type { Store } from '../storage/store.ts'
import { prefixRange } from '../storage/store.ts'
import type { Verify } from './record-signature.ts'
import { decodeSpace } from './space.ts'
import type { Space } from './space.ts'

export interface SpaceShelfComponents {
  readonly store: Pick<Store, 'iterate' | 'commit'>
  readonly verify: Verify
}

export interface SpaceShelf {
  /** @throws STORE_CORRUPT */
  all(): Promise<readonly Space[]>
  add(space: Space): Promise<void>
}

const ROWS = 'mem/spaces/'

export function createSpaceShelf({ store, verify }: SpaceShelfComponents): SpaceShelf {
  return {
    async all() {
      const spaces: Space[] = []
      for await (const [, bytes] of store.iterate(prefixRange(ROWS))) {
        try {
          spaces.push(await decodeSpace(bytes, verify))
        } catch (cause) {
          const details = { path: 'mem', reason: 'a space of shared memory' }
          throw new LumosError('STORE_CORRUPT', { cause, details })
        }
      }
      return spaces
    },
    add: ({ id, bytes }) =>
      store.commit([{ type: 'put', key: ROWS + id, value: bytes }], { sync: true })
  }
}
