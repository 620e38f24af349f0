/** Asks the peers of a node how their replicas of a space stand, for people who look. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { createReplicationClient } from '../../protocols/replication/client.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { Replica, Vector } from '../replica/replica.ts'
import type { SequenceSet } from '../replica/sequence-set.ts'
import { difference, NOTHING } from '../replica/sequence-set.ts'
import type { PeerSync } from '../shared-memory.ts'

export interface PeerComparisonComponents {
  readonly clock: Clock
  readonly sessions: Pick<Sessions, 'all'>
}

/** Somebody waits for it at a terminal. */
const ANSWER_MS = 2000

/** Peers that do not have the space are left out. */
export async function comparePeers(
  { clock, sessions }: PeerComparisonComponents,
  replica: Replica
): Promise<readonly PeerSync[]> {
  const found = await Promise.all(
    sessions.all().map((session) => compareWith({ clock, session }, replica))
  )
  return found.filter((peer) => peer !== undefined)
}

async function compareWith(
  { clock, session }: { readonly clock: Clock; readonly session: Session },
  replica: Replica
): Promise<PeerSync | undefined> {
  const { peer } = session
  const signal = clock.timeout(ANSWER_MS)
  const client = createReplicationClient({ clock, session }, { space: replica.space.id, signal })
  try {
    const [mine, theirs] = await Promise.all([replica.summary(), client.summary()])
    const inSync = mine.root === theirs.root && mine.statements === theirs.statements
    if (inSync) return { peer, inSync, behind: 0, ahead: 0 }
    const vector = await client.vector()
    const own = replica.vector
    return { peer, inSync, behind: lackOf(vector, own), ahead: lackOf(own, vector) }
  } catch (error) {
    const { code } = toLumosError(error)
    if (code === 'UNKNOWN_METHOD' || code === 'SPACE_UNKNOWN') return undefined
    return { peer, inSync: false, behind: undefined, ahead: undefined }
  }
}

/** How many numbers of `other` are not in `vector`. */
function lackOf(vector: Vector, other: Vector): number {
  let lack = 0
  for (const [writer, covered] of other) {
    lack += sizeOf(difference(covered, vector.get(writer) ?? NOTHING))
  }
  return lack
}

function sizeOf(set: SequenceSet): number {
  return set.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}
