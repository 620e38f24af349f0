/** Who is struck off the list is hung up on, whatever it does meanwhile. */
import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createNodeMembership } from '../../../node/membership.ts'
import type { NodeMembershipComponents } from '../../../node/membership.ts'
import { createSessions } from '../../../protocols/session/sessions.ts'
import { openInviteLedger } from '../../../trust/invites/ledger.ts'
import { createMembership } from '../../../trust/membership.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryStreams } from '../../support/memory-streams.ts'
import { PATIENCE } from '../../support/patience.ts'
import { seededRandom } from '../../support/random.ts'
import { KEY, swarm, SWARM } from '../../support/swarm-people.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const hello = () => ({ swarm: 'test', name: 'n', version: '0.0.0', fields: {} })

async function setup() {
  const clock = new ManualClock()
  const [owner, bob, eve] = await swarm()
  const { book } = owner
  const host = new MemoryStreams(clock).host(owner.peer)
  const random = seededRandom(1)
  const logger = silentLogger
  const sessions = createSessions({ clock, logger, random, host, hello, permit: () => undefined })
  const hungUp: string[] = []
  const libp2p = {
    addEventListener() {},
    removeEventListener() {},
    getPeers: () => [bob.peer, eve.peer],
    hangUp: async (peer: { toString(): string }) => void hungUp.push(peer.toString())
  }
  const ledger = { dataDirectory: await temporaryDirectory(), swarm: 'home' }
  const membership = createMembership({
    standingOf: (peer) => (book.roll?.roleOf(peer) === undefined ? 'out' : 'in')
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of libp2p as it looks at
  const network = {
    libp2p,
    events: new EventEmitter()
  } as unknown as NodeMembershipComponents['network']
  const gate = createNodeMembership({
    clock,
    random,
    logger,
    network,
    sessions,
    host,
    audit: { note: () => undefined },
    blame: { add: () => undefined },
    nodeSwarm: {
      swarm: { name: 'home', id: SWARM, key: KEY, origin: 'data' },
      book,
      invites: await openInviteLedger({ clock, logger }, ledger),
      membership,
      wall: undefined,
      roleOf: () => undefined,
      listed: true,
      heirs: { presentOf: (peer) => peer, successionOf: () => undefined },
      idsOf: (peer) => [peer]
    }
  })
  await gate.start()
  onTestFinished(() => gate.stop())
  return { owner, bob, eve, gate, hungUp }
}

test('a member that is sent away loses its connections, and others keep theirs', async () => {
  const { owner, eve, hungUp } = await setup()
  await owner.book.remove(eve.peer)
  await vi.waitFor(() => expect(hungUp).toEqual([eve.peer]), PATIENCE)
})

test('nor does it keep them by knocking at the door of an invite', async () => {
  const { owner, eve, gate, hungUp } = await setup()
  gate.welcome(eve.peer)
  await owner.book.remove(eve.peer)
  await vi.waitFor(() => expect(hungUp).toEqual([eve.peer]), PATIENCE)
})

test('who knocks afterwards is not hung up on because others are sent away', async () => {
  const { owner, bob, eve, gate, hungUp } = await setup()
  await owner.book.remove(eve.peer)
  await vi.waitFor(() => expect(hungUp).toEqual([eve.peer]), PATIENCE)
  gate.welcome(eve.peer)
  await owner.book.remove(bob.peer)
  await vi.waitFor(() => expect(hungUp).toEqual([eve.peer, bob.peer]), PATIENCE)
})
