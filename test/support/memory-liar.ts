/** A member of a swarm that repairs with others and lies in every way that its position allows. */
import type { Random } from '../../core/random.ts'
import { createResponder } from '../../memory/repair/repair.ts'
import type { RepairPeer } from '../../memory/repair/repair.ts'
import type { RecordBatch, Replica } from '../../memory/replica/replica.ts'
import type { SequenceSet } from '../../memory/replica/sequence-set.ts'
import { greatest, withRange } from '../../memory/replica/sequence-set.ts'

/** Claims about numbers that were never written reach this far. */
const INVENTED = 5

/** Answers for `replica`, now true, now not. */
export function lyingPeer(replica: Replica, random: Random): RepairPeer {
  const honest = createResponder(replica)
  const lies = (): boolean => random.next() < 0.5

  return {
    async summary() {
      const summary = await honest.summary()
      if (random.next() < 0.8) return summary
      return { ...summary, root: Buffer.from(random.bytes(16)).toString('hex') }
    },
    statements: () => (lies() ? Promise.resolve([]) : honest.statements()),
    admit: async (statements) => (lies() ? undefined : honest.admit(statements)),
    async vector() {
      const vector = await honest.vector()
      if (!lies()) return vector
      return new Map(Array.from(vector, ([id, covered]) => [id, claimMore(covered)]))
    },
    pull: (vector) => omitting(honest.pull(vector), random),
    push: async (batch) => (lies() ? NOTHING_REFUSED : honest.push(batch)),
    async writers() {
      return lies() ? new Map() : honest.writers()
    },
    async blocks(writer) {
      return lies() ? new Map() : honest.blocks(writer)
    },
    names: async (writer, block) => (lies() ? [] : honest.names(writer, block)),
    records: (writer, names) => omitting(honest.records(writer, names), random)
  }
}

const NOTHING_REFUSED = { applied: 0, repeated: 0, refused: [] }

/** Leaves out records, claims that nothing is missing, and forges one now and then. */
async function* omitting(
  batches: AsyncIterable<RecordBatch>,
  random: Random
): AsyncIterable<RecordBatch> {
  for await (const batch of batches) {
    const dice = random.next()
    if (dice < 0.3) yield { ...batch, records: [], complete: [1, 100] }
    else if (dice < 0.4) yield { ...batch, records: batch.records.map(forged) }
    else yield batch
  }
}

/** Another value under the same signature. */
function forged(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  const at = copy.length - 65
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

function claimMore(covered: SequenceSet): SequenceSet {
  return withRange(covered, [1, greatest(covered) + INVENTED])
}

/** Calls `victim`: claims that there is nothing, forges, and tells that it is a copy. */
export async function mislead(liar: Replica, victim: Replica, random: Random): Promise<void> {
  victim.noteVector(new Map(Array.from(victim.vector, ([id, seen]) => [id, claimMore(seen)])))
  for await (const batch of omitting(liar.missing(new Map()), random)) await victim.receive(batch)
}
