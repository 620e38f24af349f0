/** Sessions over streams in memory, moved by a manual clock. */
import { LIMITS } from '../../core/limits.ts'
import { silentLogger } from '../../core/logger.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryStreams } from '../support/memory-streams.ts'
import { seededRandom } from '../support/random.ts'
import { describeSessions } from '../support/session-contract/contract.ts'

describeSessions('memory', async ({ helloB } = {}) => {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const create = (peer: string, seed: number, hello = {}) => ({
    peer,
    sessions: createSessions({
      clock,
      logger: silentLogger,
      random: seededRandom(seed),
      host: network.host(peer),
      permit: () => undefined,
      hello: () => ({ swarm: 'test', name: peer.slice(-1), version: '0.0.0', fields: {}, ...hello })
    })
  })
  const a = create('peer-a', 1)
  const b = create('peer-b', 2, helloB)
  await Promise.all([a.sessions.start(), b.sessions.start()])
  return {
    a,
    b,
    pass: (ms) => clock.advance(ms),
    cut: () => network.opened.at(-1)?.raw.die(),
    async stop() {
      const stopping = Promise.all([a.sessions.stop(), b.sessions.stop()])
      await clock.advance(LIMITS.sessionDrain.value + LIMITS.streamClose.value)
      await stopping
      if (clock.pending > 0) throw new Error(`${clock.pending} timers outlive the sessions`)
    }
  }
})
