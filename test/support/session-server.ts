/** A process of its own that serves sessions; prints its address, and lives until killed. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { systemRandom } from '../../core/random.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import { createSessions } from '../../protocols/session/sessions.ts'

const libp2p = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()]
})
const sessions = createSessions({
  clock: systemClock,
  logger: silentLogger,
  random: systemRandom,
  host: createStreamHost({ clock: systemClock, libp2p }),
  permit: () => undefined,
  hello: () => ({ swarm: 'test', name: 'server', version: '0.0.0', fields: {} })
})
sessions.methods.stream('three', async function* () {
  for (let n = 1; n <= 3; n++) yield Uint8Array.of(n)
  await new Promise(() => {})
})
await sessions.start()
process.stdout.write(`${String(libp2p.getMultiaddrs()[0])}\n`)
