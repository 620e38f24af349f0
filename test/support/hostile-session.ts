/** Sessions of one node in memory, and peers that speak to it by hand. */
import { onTestFinished } from 'vitest'
import { LIMITS } from '../../core/limits.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Allowance } from '../../protocols/session/call-quotas.ts'
import { SESSION_PROTOCOL } from '../../protocols/session/constants.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryStreams } from './memory-streams.ts'
import { seededRandom } from './random.ts'
import { RawSessionPeer } from './raw-session-peer.ts'

export async function hostileSetup(allowance?: Allowance) {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const sessions = createSessions(
    {
      clock,
      logger: silentLogger,
      random: seededRandom(1),
      host: network.host('node'),
      permit: () => undefined,
      hello: () => ({ swarm: 'test', name: 'node', version: '0.0.0', fields: {} })
    },
    { ...(allowance && { allowance }) }
  )
  await sessions.start()
  const seen: string[] = []
  sessions.events.on('opened', ({ peer }) => seen.push(`opened ${peer}`))
  sessions.events.on('closed', ({ peer }, { code }) => seen.push(`closed ${peer} ${code}`))
  sessions.events.on('refused', (peer, { code }) => seen.push(`refused ${peer} ${code}`))
  sessions.methods.request('echo', (body) => body)
  const settle = async () => {
    for (let turns = 0; turns < 8; turns++) await clock.advance(0)
  }
  const dial = async (from = 'raw') => {
    const pipe = await network
      .host(from)
      .open('node', SESSION_PROTOCOL, new AbortController().signal)
    return new RawSessionPeer(pipe)
  }
  const connect = async (from = 'raw') => {
    const peer = await dial(from)
    peer.hello({ instance: `${from}-instance` })
    await settle()
    return peer
  }
  onTestFinished(async () => {
    const stopped = sessions.stop()
    await clock.advance(2 * (LIMITS.sessionDrain.value + LIMITS.streamClose.value))
    await stopped
  })
  return { clock, network, sessions, seen, settle, dial, connect }
}
