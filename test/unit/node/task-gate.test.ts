/** What peers may have done here: by role, by grant, and on behalf of others. */
import { expect, test } from 'vitest'
import { rootChain } from '../../../core/chain.ts'
import type { Chain, Hop } from '../../../core/chain.ts'
import type { CheckBehalf } from '../../../node/behalf.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTaskGate } from '../../../node/task-gate.ts'
import type { TaskPermission, TaskWish } from '../../../tasks/worker/permission.ts'
import type { BehalfProof } from '../../../protocols/a2a/behalf.ts'
import type { AuditEvent } from '../../../trust/audit-log.ts'
import { createAuthority } from '../../../trust/authority.ts'
import { createGrantQuotas } from '../../../trust/grants/quotas.ts'
import { createRevocations } from '../../../trust/grants/revocations.ts'
import type { GrantLimits } from '../../../core/grant-words.ts'
import type { Role } from '../../../trust/roles.ts'
import { SWARM, grantOf } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const self = await testIdentity(0)
const owner = await testIdentity(1)
const member = await testIdentity(2)
const worker = await testIdentity(3)
const guest = await testIdentity(4)

const skillsOf = (agentId: string): readonly string[] =>
  agentId === 'scribe' ? ['summarize', 'translate.de'] : []

const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'

/** What the first asker lets be done, or why its signature is none. */
type Checked = Awaited<ReturnType<CheckBehalf>> | LumosError

function setup({ requireProof = false } = {}) {
  const clock = new ManualClock()
  const blamed: string[] = []
  let checked: Checked = { depth: 8 }
  const noted: AuditEvent[] = []
  const audit = { note: (event: AuditEvent) => void noted.push(event) }
  const roles = new Map<string, Role>([
    [owner.peer, 'owner'],
    [member.peer, 'member'],
    [worker.peer, 'worker']
  ])
  const parts = {
    clock,
    audit,
    members: { roleOf: (peer: string) => roles.get(peer) },
    revocations: createRevocations({ clock })
  }
  const authority = createAuthority(parts, { self: self.peer, swarm: SWARM.slice(6) })
  const gate = createTaskGate(
    {
      authority,
      audit,
      quotas: createGrantQuotas({ clock }),
      skillsOf,
      blame: { add: (peer) => void blamed.push(peer) },
      checkBehalf: async () => {
        if (checked instanceof LumosError) throw checked
        return checked
      }
    },
    { self: self.peer, requireProof }
  )
  return {
    gate,
    noted,
    blamed,
    roles,
    /** What comes of checking proofs from now on. */
    check: (outcome: Checked) => {
      checked = outcome
    },
    ask: async (caller: string, wish: Partial<TaskWish> = {}): Promise<TaskPermission> =>
      gate.admit({
        id: TASK,
        caller,
        agentId: 'scribe',
        skill: undefined,
        depth: 0,
        chain: chain(),
        ...wish
      }),
    grant: async (limits: GrantLimits) => {
      const { token, claims } = await grantOf(owner, guest, { limits })
      expect(await authority.present(guest.peer, [token])).toEqual([])
      return claims.id
    }
  }
}

function chain(path: readonly Hop[] = [], init: Partial<Chain> = {}): Chain {
  return { ...rootChain(TASK), path, ...init }
}

function refusal(reason: string, code = 'FORBIDDEN') {
  return { code, details: expect.objectContaining({ reason }) }
}

test('a member may ask for anything, and it is noted that it did', async () => {
  const { ask, noted } = setup()
  const wanted = chain([{ peer: member.peer, agent: '' }], { budget: { tokens: 5 } })
  expect((await ask(member.peer, { chain: wanted })).chain).toEqual(wanted)
  expect(noted).toEqual([{ who: member.peer, did: 'task.send', what: 'scribe', allowed: true }])
})

test('this node itself needs nobody’s leave and leaves no trace', async () => {
  const { ask, noted } = setup()
  await ask(self.peer)
  expect(noted).toEqual([])
})

test('who works for others and who is no member asks for nothing', async () => {
  const { ask, noted } = setup()
  await expect(ask(worker.peer)).rejects.toMatchObject(refusal('role'))
  await expect(ask(guest.peer)).rejects.toMatchObject(refusal('no-member'))
  expect(noted.map(({ allowed, reason }) => [allowed, reason])).toEqual([
    [false, 'role'],
    [false, 'no-member']
  ])
})

test('a grant for a skill is for that skill of any agent, and a made-up one opens nothing', async () => {
  const { ask, grant, noted } = setup()
  const id = await grant({ skills: ['summarize'] })
  await ask(guest.peer, { skill: 'summarize' })
  expect(noted.at(-1)).toMatchObject({ who: guest.peer, grant: id, allowed: true })
  await expect(ask(guest.peer)).rejects.toMatchObject(refusal('skill'))
  await expect(ask(guest.peer, { skill: 'translate.de' })).rejects.toMatchObject(refusal('skill'))
  const made = ask(guest.peer, { agentId: 'shell', skill: 'summarize' })
  await expect(made).rejects.toMatchObject(refusal('skill'))
})

test('a grant for an agent is for all its skills', async () => {
  const { ask, grant } = setup()
  await grant({ skills: ['scribe'] })
  for (const skill of ['translate.de', undefined]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(ask(guest.peer, { skill })).resolves.toBeDefined()
  }
})

test('what a task may cost and how far it may go is no more than the grant says', async () => {
  const { ask, grant } = setup()
  await grant({ tokens: 100.5, money: 0.5, depth: 1 })
  const most = chain([], { budget: { tokens: 5000, calls: 3 } })
  const permitted = await ask(guest.peer, { chain: most, depth: 2 })
  expect(permitted.chain).toMatchObject({
    maxHops: 3,
    budget: { tokens: 100, money: 0.5, calls: 3 }
  })
  const little = await ask(guest.peer, { chain: chain([], { maxHops: 0, budget: { tokens: 1 } }) })
  expect(little.chain).toMatchObject({ maxHops: 0, budget: { tokens: 1, money: 0.5 } })
})

test('a bound that cannot be kept is not passed over', async () => {
  const { ask, grant, noted } = setup()
  const id = await grant({ egress: false })
  await expect(ask(guest.peer)).rejects.toMatchObject(refusal('egress'))
  expect(noted).toMatchObject([{ grant: id, allowed: false, reason: 'egress' }])
})

test('too often and too much at once is refused, noted, and no longer once it has ended', async () => {
  const { ask, grant, noted } = setup()
  const id = await grant({ rate: 3, concurrency: 1 })
  const first = await ask(guest.peer)
  await expect(ask(guest.peer)).rejects.toMatchObject(refusal('concurrency', 'OVERLOADED'))
  first.end()
  const second = await ask(guest.peer)
  second.undo()
  for (const _ of [2, 3]) (await ask(guest.peer)).end()
  await expect(ask(guest.peer)).rejects.toMatchObject(refusal('rate', 'OVERLOADED'))
  expect(noted.at(-1)).toMatchObject({ grant: id, allowed: false, reason: 'rate' })
})

/** Passed on by the member. */
function forGuest(proof?: Partial<BehalfProof>): Partial<TaskWish> {
  const path = [
    { peer: guest.peer, agent: '' },
    { peer: member.peer, agent: 'helper' }
  ]
  return { chain: chain(path), depth: 1, ...(proof && { proof: { token: 'signed', ...proof } }) }
}

test('a member that asks for somebody who may not is refused, and that one is not blamed', async () => {
  const { ask, grant, noted } = setup()
  const wish = forGuest()
  await expect(ask(member.peer, wish)).rejects.toMatchObject(refusal('on-behalf'))
  expect(noted).toMatchObject([{ who: member.peer, allowed: false, reason: 'on-behalf' }])
  await grant({ skills: ['scribe'] })
  expect(await ask(member.peer, wish)).toMatchObject({ proven: false })
})

test('what is done for another is bounded by what that one signed and by its grants, and it is proven', async () => {
  const { ask, grant, check, blamed } = setup()
  await grant({ skills: ['scribe'], tokens: 70 })
  check({ depth: 2, money: 0.5 })
  const permitted = await ask(member.peer, forGuest({ grants: ['shown'] }))
  expect(permitted.proven).toBe(true)
  expect(permitted.chain).toMatchObject({ maxHops: 3, budget: { tokens: 70, money: 0.5 } })
  const behalf = { task: TASK, token: 'signed', grants: ['shown'] }
  expect(permitted.chain.behalf).toEqual(behalf)
  expect((await ask(member.peer, forGuest())).chain).toMatchObject({
    maxHops: 8,
    budget: { tokens: 70 }
  })
  expect(blamed).toEqual([])
})

test('grants that come with a proven task count, and only for who signed it', async () => {
  const { ask, noted } = setup()
  const { token } = await grantOf(owner, guest, { limits: { skills: ['scribe'] } })
  const foreign = await grantOf(owner, worker, { limits: { skills: ['scribe'] } })
  const asked = ask(member.peer, forGuest({ grants: [foreign.token] }))
  await expect(asked).rejects.toMatchObject(refusal('on-behalf'))
  await expect(ask(member.peer, forGuest())).rejects.toMatchObject(refusal('on-behalf'))
  await expect(ask(member.peer, forGuest({ grants: [token] }))).resolves.toMatchObject({
    proven: true
  })
  const other = ask(member.peer, { ...forGuest({ grants: [token] }), agentId: 'shell' })
  await expect(other).rejects.toMatchObject(refusal('on-behalf'))
  expect(noted.map(({ allowed }) => allowed)).toEqual([false, false, true, false])
})

test('the quota of who asked first is used up by what it signed, and by nobody’s mere word', async () => {
  const { ask, grant } = setup()
  await grant({ rate: 2 })
  for (const _ of [1, 2, 3]) await ask(member.peer, forGuest())
  for (const _ of [1, 2]) await ask(member.peer, forGuest({}))
  await expect(ask(member.peer, forGuest({}))).rejects.toMatchObject(refusal('rate', 'OVERLOADED'))
})

test('what must stay within the swarm is no less so when it was passed on', async () => {
  const { ask, grant } = setup()
  await grant({ egress: false })
  await expect(ask(member.peer, forGuest({}))).rejects.toMatchObject(refusal('egress'))
})

function invalidProof(isStale: boolean): LumosError {
  return new LumosError('BEHALF_INVALID', { details: { reason: 'x', ...(isStale && { isStale }) } })
}

test('a false proof is refused, noted and held against its bringer; one that is too old is no offence', async () => {
  const { ask, grant, check, blamed, noted } = setup()
  await grant({})
  check(invalidProof(true))
  await expect(ask(member.peer, forGuest({}))).rejects.toMatchObject({ code: 'BEHALF_INVALID' })
  expect(blamed).toEqual([])
  check(invalidProof(false))
  await expect(ask(member.peer, forGuest({}))).rejects.toMatchObject({ code: 'BEHALF_INVALID' })
  expect(blamed).toEqual([member.peer])
  expect(noted).toMatchObject(
    [1, 2].map(() => ({ who: member.peer, allowed: false, reason: 'BEHALF_INVALID' }))
  )
})

test('a node may want proofs of all that was passed on, and needs none of who asks itself', async () => {
  const { ask, grant } = setup({ requireProof: true })
  await grant({})
  await expect(ask(member.peer, forGuest())).rejects.toMatchObject(refusal('unproven'))
  await expect(ask(member.peer, forGuest({}))).resolves.toMatchObject({ proven: true })
  await expect(ask(member.peer)).resolves.toMatchObject({ proven: false })
})

test('who has begun a task says no more to it once it may not, and nobody’s quota is used up by more', async () => {
  const { gate, ask, grant, roles, noted } = setup()
  await grant({ skills: ['summarize'], concurrency: 1 })
  const turn = { caller: guest.peer, agentId: 'scribe', skill: 'summarize' }
  await ask(guest.peer, { skill: 'summarize' })
  gate.checkTurn(turn)
  expect(noted.at(-1)).toMatchObject({ who: guest.peer, did: 'task.send', allowed: true })
  expect(() => gate.checkTurn({ ...turn, skill: 'translate.de' })).toThrow(
    expect.objectContaining(refusal('skill'))
  )
  const own = { caller: member.peer, agentId: 'scribe', skill: undefined }
  gate.checkTurn(own)
  roles.delete(member.peer)
  expect(() => gate.checkTurn(own)).toThrow(expect.objectContaining(refusal('no-member')))
  expect(noted.at(-1)).toMatchObject({ who: member.peer, allowed: false })
})

test('this node itself goes on with what it had begun', () => {
  const { gate, noted } = setup()
  gate.checkTurn({ caller: self.peer, agentId: 'scribe', skill: undefined })
  expect(noted).toEqual([])
})
