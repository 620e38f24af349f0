/** Who is let in by an invite, when the list changes while the invite is looked at. */
import { onTestFinished, expect, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { askMembership } from '../../../protocols/membership/client.ts'
import { createMembershipServer } from '../../../protocols/membership/server.ts'
import type { InviteLedger } from '../../../trust/invites/ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryStreams } from '../../support/memory-streams.ts'
import { person, rollOf, swarm } from '../../support/swarm-people.ts'
import type { Person } from '../../support/swarm-people.ts'

/** `meanwhile` happens while a use of the invite is written down. */
async function serve(inviter: Person, meanwhile: () => Promise<void>) {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const invite = { id: '0011223344556677', role: 'member', usedBy: [], uses: 9 } as const
  const invites: Pick<InviteLedger, 'use'> = {
    async use() {
      await meanwhile()
      return { ...invite, expiresAt: clock.now() + 60_000, givenAt: clock.now(), house: false }
    }
  }
  const server = createMembershipServer({
    clock,
    logger: silentLogger,
    host: network.host(inviter.peer),
    book: inviter.book,
    invites
  })
  await server.start()
  onTestFinished(() => server.stop())
  const question = { ask: 'join', invite: invite.id, proof: 'a'.repeat(64), name: 'guest' } as const
  return (joiner: Person) =>
    askMembership(
      { clock, host: network.host(joiner.peer) },
      { peer: inviter.peer, question },
      { signal: new AbortController().signal, timeoutMs: 1000 }
    )
}

test('who has an invite is let in, and brings home the list and the key', async () => {
  const [owner] = await swarm()
  const guest = await person(9)
  const join = await serve(owner, () => Promise.resolve())
  const { key } = await join(guest)
  expect(rollOf(owner).roleOf(guest.peer)).toBe('member')
  expect(key).toBeDefined()
})

test('who is sent away while its invite is looked at is not brought back by it', async () => {
  const [owner, member] = await swarm()
  const join = await serve(owner, () => owner.book.remove(member.peer))
  await expect(join(member)).rejects.toMatchObject({ code: 'INVITE_WITHDRAWN' })
  expect(rollOf(owner).roleOf(member.peer)).toBeUndefined()
})
