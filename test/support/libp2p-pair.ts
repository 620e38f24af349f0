/** Two libp2p nodes that know each other's addresses, each with sessions. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { memory } from '@libp2p/memory'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import type { HelloFacts } from '../../protocols/session/sessions.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import { seededRandom } from './random.ts'
import type { SessionPair, SessionPairInit } from './session-contract.ts'

const STREAM_OPTIONS = {
  initialStreamWindowSize: 256 * 1024,
  maxStreamWindowSize: 1024 * 1024,
  maxReadBufferLength: 4 * 1024 * 1024,
  maxWriteBufferLength: 4 * 1024 * 1024
}

async function createNode(listen: string, seed: number, hello: Partial<HelloFacts> = {}) {
  const libp2p = await createLibp2p({
    addresses: { listen: [listen] },
    transports: [tcp(), memory()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: STREAM_OPTIONS })],
    connectionMonitor: { enabled: false }
  })
  const sessions = createSessions({
    clock: systemClock,
    logger: silentLogger,
    random: seededRandom(seed),
    host: createStreamHost({ clock: systemClock, libp2p }),
    hello: () => ({
      swarm: 'test',
      name: 'ab'.charAt(seed),
      version: '0.0.0',
      fields: {},
      ...hello
    })
  })
  await sessions.start()
  return { libp2p, sessions, peer: libp2p.peerId.toString() }
}

export async function libp2pPair(
  listen: (name: string) => string,
  { helloB }: SessionPairInit = {}
): Promise<SessionPair> {
  const a = await createNode(listen('a'), 0)
  const b = await createNode(listen('b'), 1, helloB)
  await a.libp2p.peerStore.merge(b.libp2p.peerId, { multiaddrs: b.libp2p.getMultiaddrs() })
  await b.libp2p.peerStore.merge(a.libp2p.peerId, { multiaddrs: a.libp2p.getMultiaddrs() })
  return {
    a,
    b,
    pass: async (ms) => void (await systemClock.sleep(ms)),
    cut() {
      for (const connection of b.libp2p.getConnections()) connection.abort(new Error('cut'))
    },
    async stop() {
      await Promise.all([a.sessions.stop(), b.sessions.stop()])
      await Promise.all([a.libp2p.stop(), b.libp2p.stop()])
    }
  }
}
