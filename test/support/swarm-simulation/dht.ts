/** A model of the Kademlia DHT: who announced what, found after as many round trips as a lookup takes. */
import type { Random } from '../../../core/random.ts'
import { KEEPERS, RECORD_VALIDITY_MS } from '../../../discovery/dht/capability-dht.ts'
import type { ProviderRecords } from '../../../discovery/dht/capability-dht.ts'
import type { PeerHint } from '../../../discovery/peers/hint.ts'
import { sample } from '../../../discovery/peers/sampling.ts'
import type { Host, Network } from './network.ts'

const WALK_PEERS = 5

export interface SimulatedDht {
  recordsOf(host: Host): ProviderRecords
  walk(host: Host, random: Random): AsyncIterable<PeerHint>
}

export function createDht(network: Network, random: Random): SimulatedDht {
  const records = new Map<string, Map<Host, number>>()
  const { time } = network

  const living = (near: Host): Host[] =>
    network.hosts.filter((host) => network.canReach(near, host))

  /**
   * Each hop asks somebody, anywhere; every one of a hundred nodes is known after one. With k peers in each bucket,
   * each hop comes log2(k) bits closer (Maymounkov and Mazières, 2002).
   */
  async function lookup(host: Host, signal?: AbortSignal): Promise<readonly Host[]> {
    const known = living(host)
    const hops = Math.max(1, Math.ceil(Math.log2(known.length || 1) / Math.log2(KEEPERS)))
    const asked = sample(known, hops, random)
    for (const each of asked) await time.sleep(2 * network.wayMs(host, each), signal)
    return known
  }

  return {
    recordsOf: (host) => ({
      async provide(cid, { signal }) {
        await lookup(host, signal)
        const key = cid.toString()
        const providers = records.get(key) ?? new Map<Host, number>()
        records.set(key, providers.set(host, time.monotonic()))
        return KEEPERS
      },
      async *findProviders(cid, { signal }) {
        await lookup(host, signal)
        for (const [provider, since] of records.get(cid.toString()) ?? []) {
          if (time.monotonic() - since < RECORD_VALIDITY_MS) yield { id: provider.peer }
        }
      },
      async cancelReprovide(cid) {
        records.get(cid.toString())?.delete(host)
      }
    }),
    async *walk(host, chance) {
      const found = sample(await lookup(host), WALK_PEERS, chance)
      for (const { peer, address } of found) yield { peer, addresses: [address], foundBy: 'dht' }
    }
  }
}
