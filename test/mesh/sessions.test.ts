/** Sessions over real libp2p streams: noise and yamux, in memory and over TCP. */
import type { Libp2p } from '@libp2p/interface'
import { afterAll } from 'vitest'
import { createLibp2pPair, sessionPair } from '../support/libp2p-pair.ts'
import { describeSessions } from '../support/session-contract/contract.ts'

const nodes: Promise<Libp2p[]>[] = []

function shared(listen: readonly [string, string]): () => Promise<Libp2p[]> {
  let pair: Promise<Libp2p[]> | undefined
  return () => {
    if (pair === undefined) {
      pair = createLibp2pPair(listen)
      nodes.push(pair)
    }
    return pair
  }
}

const inMemory = shared(['/memory/sessions-a', '/memory/sessions-b'])
const overTcp = shared(['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'])

afterAll(async () => {
  const all = (await Promise.all(nodes)).flat()
  await Promise.all(all.map(async (node) => node.stop()))
})

describeSessions('libp2p in memory', async (init) => sessionPair(await inMemory(), init))
describeSessions('libp2p over TCP', async (init) => sessionPair(await overTcp(), init))
