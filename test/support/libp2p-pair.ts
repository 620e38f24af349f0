/** Two libp2p nodes that know each other's addresses, with new sessions for every test. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Libp2p } from '@libp2p/interface'
import { memory } from '@libp2p/memory'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import type { HelloFacts } from '../../protocols/session/sessions.ts'
import { seededRandom } from './random.ts'
import type { SessionNode, SessionPair, SessionPairInit } from './session-contract/setup.ts'

const STREAM_OPTIONS = {
  initialStreamWindowSize: 256 * 1024,
  maxStreamWindowSize: 1024 * 1024,
  maxReadBufferLength: 4 * 1024 * 1024,
  maxWriteBufferLength: 4 * 1024 * 1024
}

export function createLibp2pNode(listen: string): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: [listen] },
    transports: [tcp(), memory()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: STREAM_OPTIONS })],
    connectionMonitor: { enabled: false }
  })
}

/** Stopping a node takes half a second, so that tests share them. */
export async function createLibp2pPair(listen: readonly [string, string]): Promise<Libp2p[]> {
  const [a, b] = await Promise.all(listen.map((address) => createLibp2pNode(address)))
  if (a === undefined || b === undefined) throw new Error('two addresses make two nodes')
  await a.peerStore.merge(b.peerId, { multiaddrs: b.getMultiaddrs() })
  await b.peerStore.merge(a.peerId, { multiaddrs: a.getMultiaddrs() })
  return [a, b]
}

export async function startSessions(
  libp2p: Libp2p,
  seed: number,
  hello: Partial<HelloFacts> = {}
): Promise<SessionNode> {
  const sessions = createSessions({
    clock: systemClock,
    logger: silentLogger,
    random: seededRandom(seed),
    host: createStreamHost({ clock: systemClock, libp2p }),
    permit: () => undefined,
    hello: () => ({
      swarm: 'test',
      name: 'ab'.charAt(seed),
      version: '0.0.0',
      fields: {},
      ...hello
    })
  })
  await sessions.start()
  return { sessions, peer: libp2p.peerId.toString() }
}

export async function sessionPair(
  [libp2pA, libp2pB]: readonly Libp2p[],
  { helloB }: SessionPairInit = {}
): Promise<SessionPair> {
  if (libp2pA === undefined || libp2pB === undefined) throw new Error('no nodes')
  const a = await startSessions(libp2pA, 0)
  const b = await startSessions(libp2pB, 1, helloB)
  return {
    a,
    b,
    pass: async (ms) => void (await systemClock.sleep(ms)),
    cut() {
      for (const connection of libp2pB.getConnections()) connection.abort(new Error('cut'))
    },
    async stop() {
      await Promise.all([a.sessions.stop(), b.sessions.stop()])
    }
  }
}
