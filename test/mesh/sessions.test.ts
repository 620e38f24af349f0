/** Sessions over real libp2p streams: noise and yamux, in memory and over TCP. */
import type { Libp2p } from '@libp2p/interface'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import { SESSION_PROTOCOL } from '../../protocols/session/constants.ts'
import { createLibp2pPair, startSessions, sessionPair } from '../support/libp2p-pair.ts'
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

test.for([
  ['in memory', inMemory],
  ['over TCP', overTcp]
] as const)(
  'a stream opens although every connection has just ended at the peer, %s',
  async ([, pair], { onTestFinished }) => {
    const [a, b] = await pair()
    if (a === undefined || b === undefined) throw new Error('no nodes')
    const { peer, sessions } = await startSessions(b, 1)
    onTestFinished(() => sessions.stop())
    const host = createStreamHost({ clock: systemClock, libp2p: a })
    const signal = AbortSignal.timeout(10_000)
    await b.dial(a.peerId, { signal })
    await a.dial(b.getMultiaddrs(), { signal, force: true })
    for (const connection of b.getConnections()) connection.abort(new Error('cut'))
    const pipe = await host.open(peer, SESSION_PROTOCOL, signal)
    expect(pipe.peer).toBe(peer)
    pipe.abort(new Error('the test is over'))
  }
)
