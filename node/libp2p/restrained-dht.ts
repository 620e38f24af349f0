/**
 * Keeps the DHT from storing without end (node/libp2p/dht-datastore.ts), and from dialling on its own account: libp2p's opens a connection to every peer that an
 * answer names, and has lost ones reconnected, which turns 60 nodes into a full mesh (measured: 812
 * connections where 330 were wanted) and undoes what the topology keeper decides.
 */
import { KEEP_ALIVE } from '@libp2p/interface'
import type { PeerData, PeerId, PeerStore } from '@libp2p/interface'
import { kadDHT } from '@libp2p/kad-dht'
import type { KadDHT, KadDHTComponents, KadDHTInit } from '@libp2p/kad-dht'
import type { Ping } from '@libp2p/ping'
import { createRecordStore } from '../../discovery/dht/provider-records.ts'
import type { RecordStoreComponents } from '../../discovery/dht/provider-records.ts'
import { dhtDatastore } from './dht-datastore.ts'
import type { StoredRecord } from './dht-datastore.ts'
import { replaced } from './replaced.ts'

/** The tag of peers in the routing table (KAD_PEER_TAG_NAME). */
const IN_TABLE = 'kad-peer'

export interface DhtGuards extends Pick<RecordStoreComponents, 'clock' | 'onRefused'> {
  /** Told where records are kept. */
  readonly onStore?: (store: { readonly size: number }) => void
}

/** Lookups still dial whom they ask; the table then takes in those that are connected. */
export function restrainedDht(
  guards: DhtGuards,
  init: KadDHTInit
): (components: KadDHTComponents) => KadDHT {
  const create = kadDHT(init)
  return (components) => create(restrain(components, guards))
}

function restrain(components: KadDHTComponents, guards: DhtGuards): KadDHTComponents {
  let datastore: KadDHTComponents['datastore'] | undefined
  // Made late, as libp2p hands its components out before all of them exist.
  return new Proxy(components, {
    get(target, name) {
      if (name === 'ping') return pingWithoutDialling(target)
      if (name === 'peerStore') return storeWithoutKeepAlive(target.peerStore)
      if (name === 'datastore') return (datastore ??= boundedDatastore(target, guards))
      return Reflect.get(target, name)
    }
  })
}

function boundedDatastore({ datastore, peerId }: KadDHTComponents, guards: DhtGuards) {
  const self = peerId.toString()
  const records = createRecordStore<StoredRecord>({ ...guards, self })
  guards.onStore?.(records)
  return dhtDatastore(datastore, records)
}

/**
 * A new contact counts as alive when it is connected, and is not dialled for the table's sake; an
 * old one is really asked before a newcomer takes its place, as Kademlia wants it.
 */
function pingWithoutDialling({ connectionManager, peerStore, ping }: KadDHTComponents): Ping {
  return {
    async ping(peer, options) {
      if (!isPeerId(peer)) return ping.ping(peer, options)
      if (connectionManager.getConnections(peer).length > 0) return 0
      const { tags } = await peerStore.get(peer)
      if (tags.has(IN_TABLE)) return ping.ping(peer, options)
      throw new Error('a new contact is not connected')
    }
  }
}

function isPeerId(peer: Parameters<Ping['ping']>[0]): peer is PeerId {
  return 'toMultihash' in peer
}

/** The re-dial supervisor decides who is kept; the tag would have libp2p reconnect as well. */
function storeWithoutKeepAlive(store: PeerStore): PeerStore {
  return replaced(store, { merge: (peer, data) => store.merge(peer, withoutKeepAlive(data)) })
}

function withoutKeepAlive(data: PeerData): PeerData {
  if (data.tags === undefined) return data
  const tags = Object.entries(data.tags).filter(([name]) => !name.startsWith(KEEP_ALIVE))
  return { ...data, tags: Object.fromEntries(tags) }
}
