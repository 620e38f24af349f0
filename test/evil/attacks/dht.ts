/** Attacks of members on the capability DHT. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { systemRandom } from '../../../core/random.ts'
import { skillCid } from '../../../discovery/dht/capability-dht.ts'
import { KAD_PROTOCOL } from '../../../node/libp2p/network.ts'
import { addProvider } from '../../support/provider-message.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack, Kit } from '../attack.ts'
import { dial, repeat } from './attempts.ts'
import { CANARY_SKILL } from './canary.ts'

/** How many records a peer without any agent could send. */
async function announceFalsely(kit: Kit, keys: () => Promise<Uint8Array>): Promise<number> {
  const liar = await kit.bare()
  const self = liar.peerId.toMultihash().bytes
  let sent = 0
  await repeat(kit, async () => {
    const connection = await dial(liar, kit)
    const stream = await connection.newStream(KAD_PROTOCOL, { signal: kit.signal })
    for (let round = 0; round < 200 && !kit.signal.aborted; round++) {
      const more = stream.send(addProvider(await keys(), connection, self))
      sent += 1
      if (!more) await once(stream, 'drain', { signal: kit.signal })
    }
    await stream.close({ signal: kit.signal })
  })
  return sent
}

const poisoning: Attack = {
  name: 'provider records of 30 liars',
  threats: [9],
  expected: 'asked for their cards, found out, forgotten; the honest one is found',
  async run(kit) {
    const { multihash } = await skillCid(CANARY_SKILL)
    const liars = Array.from({ length: 30 }, () =>
      announceFalsely(kit, async () => {
        await pause(100)
        return multihash.bytes
      })
    )
    const counts = await Promise.all(liars)
    const silent = counts.filter((count) => count === 0).length
    if (silent > 10) throw new ShowsNothing(`${silent} liars were not heard`)
    return `30 liars that name the skill of one honest peer`
  }
}

/** SHA-256 of something, as a multihash. */
async function randomKey(): Promise<Uint8Array> {
  return Buffer.concat([Buffer.from([0x12, 0x20]), systemRandom.bytes(32)])
}

const recordFlood: Attack = {
  name: 'provider records for random keys',
  threats: [9, 31],
  expected: 'at most `dhtRecordsPerPeer` of one peer are kept',
  run: async (kit) => `${await announceFalsely(kit, randomKey)} records of one peer`
}

export const DHT_ATTACKS: readonly Attack[] = [poisoning, recordFlood]
