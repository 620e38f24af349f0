/** What a peer may use of a whole node follows from its role, from the next call on. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { toLumosError } from '../../core/errors.ts'
import { showPeer } from '../../node/operations/blocking.ts'
import { PING_METHOD } from '../../node/operations/peers.ts'
import { quotasOf } from '../../trust/role-quotas.ts'
import type { Role } from '../../trust/roles.ts'
import { a2aBetween, startAssembly } from '../support/a2a-nodes.ts'

const SOON = { timeout: 15_000, interval: 10 }
const NOBODY = new AbortController().signal

async function setup() {
  const asked = await startAssembly()
  const asking = await startAssembly()
  onTestFinished(async () => {
    await asking.stop()
    await asked.stop()
  })
  const { sessions, nodeSwarm, identity } = asked.assembly.wire
  const waiting = Promise.withResolvers<Uint8Array>()
  sessions.methods.request(PING_METHOD, () => waiting.promise)
  await a2aBetween(asking.assembly, asked.assembly)
  const { peer } = asking.assembly.wire.identity
  await vi.waitFor(() => expect(sessions.get(peer)).toBeDefined(), SOON)
  const roleOf = vi.spyOn(nodeSwarm, 'roleOf')
  return {
    asked: asked.assembly,
    peer,
    session: await asking.assembly.wire.sessions.connect(identity.peer),
    become: (role: Role) => roleOf.mockImplementation(() => role),
    answer: () => waiting.resolve(new Uint8Array(0))
  }
}

test('a client has fewer calls in flight than a member, and everybody can look up how many', async () => {
  const { asked, peer, session, become, answer } = await setup()
  const call = (): Promise<string> =>
    session.request(PING_METHOD, new Uint8Array(), { signal: NOBODY }).then(
      () => 'answered',
      (error: unknown) => toLumosError(error).code
    )
  become('client')
  const { callsPerPeer } = quotasOf('client')
  expect(showPeer(asked, peer)).toMatchObject({ role: 'client', quotas: { callsPerPeer } })
  const calls = Array.from({ length: callsPerPeer }, call)
  expect(await call()).toBe('SESSION_LIMIT')
  become('member')
  const more = call()
  answer()
  expect(new Set(await Promise.all([...calls, more]))).toEqual(new Set(['answered']))
})
