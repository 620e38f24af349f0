/** Replicas of one space with signatures that cost nothing, for tests of what lies between them. */
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../memory/replica/record-signature.ts'
import { openReplica } from '../../memory/replica/replica.ts'
import type { Replica } from '../../memory/replica/replica.ts'
import { sharedSpace } from '../../memory/spaces/space.ts'
import type { Space } from '../../memory/spaces/space.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { toySigner, toyVerify } from './memory-world.ts'
import { seededRandom } from './random.ts'

export interface TestReplicaInit {
  readonly name: string
  readonly clock: Pick<Clock, 'now'>
  readonly space?: Space
  /** Default: one made from the name. */
  readonly signer?: Signer
}

export function testReplica({ name, clock, space, signer }: TestReplicaInit): Promise<Replica> {
  return openReplica(
    {
      clock,
      random: seededRandom(name.length + (name.codePointAt(0) ?? 0)),
      store: createMemoryStore(),
      signer: signer ?? toySigner(name),
      verify: toyVerify
    },
    { space: space ?? sharedSpace('test'), continueWriter: true }
  )
}

/** Writes `count` keys that begin with `prefix`. */
export async function fill(replica: Replica, prefix: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      replica.write({ key: `${prefix}${index}`, value: Buffer.from(`value ${index}`) })
    )
  )
}

export async function rootOf(replica: Replica): Promise<string> {
  return (await replica.summary()).root
}
