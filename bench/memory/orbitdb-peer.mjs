// An OrbitDB peer as its quickstart makes one, blocks on disk; does what bench/memory.ts asks for.
import { join } from 'node:path'
import { bitswap } from '@helia/block-brokers'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createOrbitDB } from '@orbitdb/core'
import { LevelBlockstore } from 'blockstore-level'
import { createHelia } from 'helia'
import { createLibp2p } from 'libp2p'

let ipfs
let orbitdb
let db

export const operations = {
  async start({ folder, name }) {
    const libp2p = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        pubsub: gossipsub({ allowPublishToZeroTopicPeers: true })
      }
    })
    const blockstore = new LevelBlockstore(join(folder, name, 'blocks'))
    ipfs = await createHelia({ libp2p, blockstore, blockBrokers: [bitswap()] })
    orbitdb = await createOrbitDB({ ipfs, id: name, directory: join(folder, name, 'orbitdb') })
    return { address: String(libp2p.getMultiaddrs()[0]) }
  },
  async create() {
    db = await orbitdb.open('bench', { type: 'keyvalue' })
    return db.address
  },
  /** One after the other, as its operation log has it: each entry names the one before. */
  async put({ count }) {
    const begin = process.hrtime.bigint()
    for (let index = 0; index < count; index += 1) {
      await db.put(`key/${String(index).padStart(9, '0')}`, `${index} `.padEnd(200, 'x'))
    }
    return { ms: Number(process.hrtime.bigint() - begin) / 1e6 }
  },
  /** Resolves when all `count` entries are here, joined and verified. */
  async fetch({ address, from, count }) {
    const begin = process.hrtime.bigint()
    const cpu = process.cpuUsage()
    await ipfs.libp2p.dial(multiaddr(from))
    db = await orbitdb.open(address)
    for (let last = Promise.withResolvers(); ; last = Promise.withResolvers()) {
      db.events.once('update', last.resolve)
      await last.promise
      const ms = Number(process.hrtime.bigint() - begin) / 1e6
      const { user, system } = process.cpuUsage(cpu)
      const { length } = await db.all()
      if (length === count) return { ms, cpuMs: (user + system) / 1000 }
    }
  }
}
