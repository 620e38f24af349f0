/** Attacks of a member on what the swarm remembers. */
import { systemClock } from '../../../core/clock.ts'
import { createReplicationClient } from '../../../protocols/replication/client.ts'
import type { WireBatch } from '../../../protocols/replication/schema.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack } from '../attack.ts'
import { asking } from './asking.ts'
import { codeOf, repeat, Tally } from './attempts.ts'

/** Another value under the signature of its writer: a byte before the signature is turned. */
function forged(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  const at = copy.length - 65
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

const forgedRecords: Attack = {
  name: 'forged records of shared memory by a member that may write',
  threats: [12, 31],
  expected: 'refused: each carries the signature of its writer',
  async run(kit) {
    const { session, peer } = await asking(kit)
    kit.accuse(peer)
    const { signal, target } = kit
    const victim = createReplicationClient(
      { clock: systemClock, session },
      { space: target.spaceId, signal }
    )
    const batches: WireBatch[] = []
    for await (const batch of victim.pull(new Map())) batches.push(batch)
    const records = batches.flatMap((batch) => batch.records)
    if (records.length === 0) throw new ShowsNothing('nothing to forge')
    const tally = new Tally()
    await repeat(kit, async () => {
      for (const batch of batches) {
        const push = victim.push({ ...batch, records: batch.records.map(forged) })
        tally.add(await push.then(({ applied }) => (applied > 0 ? 'taken' : 'refused'), codeOf))
      }
    })
    if (tally.count('taken') > 0) throw new Error(tally.text())
    return `${records.length} records pulled and altered: ${tally.text()}`
  }
}

export const MEMORY_ATTACKS: readonly Attack[] = [forgedRecords]
