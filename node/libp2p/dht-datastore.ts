/** Where the DHT keeps provider records: within a quota for each peer. Values it is given by peers are not kept at all. */
import { NotFoundError } from '@libp2p/interface'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { invalidRequest } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { RecordStore } from '../../discovery/dht/provider-records.ts'
import { replaced } from './replaced.ts'

type Datastore = KadDHTComponents['datastore']
type Key = Parameters<Datastore['put']>[0]
type Query = Parameters<Datastore['query']>[0]

/** As the DHT hands it over, and wants it back. */
export interface StoredRecord {
  readonly key: Key
  readonly value: Uint8Array
}

/** What kad-dht asks of its store; what it does not is left to `store`. */
export function dhtDatastore(store: Datastore, records: RecordStore<StoredRecord>): Datastore {
  const own = {
    async put(key: Key, value: Uint8Array): Promise<Key> {
      const place = placeOf(key)
      if (place === undefined) throw notKept()
      records.put({ ...place, value: { key, value } })
      return key
    },
    async delete(key: Key): Promise<void> {
      const place = placeOf(key)
      if (place !== undefined) records.delete(place.key, place.peer)
    },
    async get(): Promise<Uint8Array> {
      throw new NotFoundError('no values are kept on this DHT')
    },
    async *query({ prefix = '' }: Query): AsyncGenerator<StoredRecord> {
      const [, key] = /^\/dht\/provider\/([^/]+)$/.exec(prefix) ?? []
      const found = key === undefined ? [...records.all()] : records.of(key)
      for (const { value } of found) yield value
    }
  }
  return replaced(store, own)
}

/** kad-dht's own form of the key: `/dht/provider/CID/PEER`. */
function placeOf(key: Key): { readonly key: string; readonly peer: string } | undefined {
  const [, cid, peer] = /^\/dht\/provider\/([^/]+)\/([^/]+)$/.exec(key.toString()) ?? []
  return cid === undefined || peer === undefined ? undefined : { key: cid, peer }
}

function notKept(): LumosError {
  const reason = 'no values are kept on this DHT'
  return invalidRequest(reason)
}
