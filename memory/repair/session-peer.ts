/** The other side of a repair over a session: who it is goes with all that it brings. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { createReplicationClient } from '../../protocols/replication/client.ts'
import type { ReplicationClientInit } from '../../protocols/replication/client.ts'
import type { Session } from '../../protocols/session/session.ts'
import type { RecordBatch } from '../replica/replica.ts'
import type { RepairPeer } from './repair.ts'

export interface SessionPeerComponents {
  readonly clock: Clock
  readonly session: Pick<Session, 'peer' | 'request' | 'stream'>
}

export interface SessionPeerInit extends ReplicationClientInit {
  /** Throws when the peer may not be told: judged when it is told, as the space fills meanwhile, and readers go. */
  readonly requireReader: () => void
}

export function createSessionPeer(
  { clock, session }: SessionPeerComponents,
  { requireReader, ...init }: SessionPeerInit
): RepairPeer {
  const client = createReplicationClient({ clock, session }, init)
  const { peer } = session
  return {
    ...client,
    id: peer,
    pull: (vector) => broughtBy(peer, client.pull(vector)),
    records: (writer, names) => broughtBy(peer, client.records(writer, names)),
    async push(batch) {
      requireReader()
      return client.push(batch)
    },
    async admit(statements) {
      requireReader()
      await client.admit(statements)
    }
  }
}

async function* broughtBy(
  from: PeerIdText,
  batches: AsyncIterable<RecordBatch>
): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) yield { ...batch, from }
}
