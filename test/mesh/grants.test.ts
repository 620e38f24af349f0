/** A grant between whole nodes: given, shown, used within its bounds, passed on, taken back. */
import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AgentRequest } from '../../agents/agent.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { toLumosError } from '../../core/errors.ts'
import { skillMetadata } from '../../core/skill-schemas.ts'
import type { Assembly } from '../../node/assembly.ts'
import type { A2aClient } from '../../protocols/a2a/client.ts'
import { taskIdMetadata } from '../../protocols/a2a/extensions.ts'
import type { AuditEntry } from '../../trust/audit-log.ts'
import type { GrantLimits } from '../../core/grant-words.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'

const SOON = { timeout: 10_000, interval: 10 }
const HOUR = 3_600_000

/** The host does tasks for members; the guest is none, in the host's eyes. */
async function setup() {
  const release = Promise.withResolvers<void>()
  const requests: AgentRequest[] = []
  const scribe = testAgent('scribe', async function* (request) {
    requests.push(request)
    if (request.text === 'wait') await release.promise
    yield request.text
  })
  const shell = testAgent('shell', async function* () {
    yield 'done'
  })
  const poet = testAgent('poet', async function* (request) {
    requests.push(request)
    yield 'first line'
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
  })
  const hosting = await startAssembly([scribe, shell, poet])
  const visiting = await startAssembly()
  onTestFinished(async () => {
    release.resolve()
    await visiting.stop()
    await hosting.stop()
  })
  const { assembly: host } = hosting
  const { assembly: guest } = visiting
  const { peer } = guest.wire.identity
  vi.spyOn(host.wire.nodeSwarm, 'roleOf').mockImplementation((asking) =>
    asking === peer ? undefined : 'member'
  )
  const client = await a2aBetween(guest, host)

  const ask = (agent: string, text = 'hi', skill?: string): Promise<string> =>
    outcomeOf(client, { agent, text, skill })

  async function grant(limits: GrantLimits = {}): Promise<string> {
    const { token, claims } = await host.wire.grants.create({
      audience: peer,
      with: `node:${host.wire.identity.peer}`,
      can: ['task/send'],
      limits,
      lifetimeMs: HOUR
    })
    await guest.wire.grants.add(token)
    await vi.waitFor(() => {
      const ids = host.wire.authority.grantsOf(peer).map(({ id }) => id)
      expect(ids).toContain(claims.id)
    }, SOON)
    return claims.id
  }

  return { host, guest, client, ask, grant, requests, release: release.resolve }
}

interface Wanted {
  readonly agent: string
  readonly text: string
  readonly skill: string | undefined
}

/** `taken`, or the code and reason of the refusal. */
async function outcomeOf(client: A2aClient, { agent, text, skill }: Wanted): Promise<string> {
  const metadata = skill === undefined ? {} : { metadata: skillMetadata(skill) }
  const message = { messageId: randomUUID(), role: 'ROLE_USER' as const, parts: [{ text }] }
  const request = {
    tenant: agent,
    message: { ...message, ...metadata },
    metadata: taskIdMetadata(randomUUID())
  }
  try {
    for await (const update of client.sendStreamingMessage(request, {})) {
      if (text === 'wait' || endOf(update)) return 'taken'
    }
    return 'ended early'
  } catch (error) {
    const { code, details } = toLumosError(error)
    return `${code} ${details['reason']?.toString() ?? ''}`
  }
}

/** Id of a task that has put out something, and goes on. */
async function begin(client: A2aClient): Promise<string> {
  const id = randomUUID()
  const message = { messageId: randomUUID(), role: 'ROLE_USER' as const, parts: [{ text: 'on' }] }
  const request = { tenant: 'poet', message, metadata: taskIdMetadata(id) }
  for await (const { artifactUpdate } of client.sendStreamingMessage(request, {})) {
    if (artifactUpdate !== undefined) break
  }
  return id
}

/** Of another peer, which needs no grant. */
async function asMember(host: Assembly): Promise<A2aClient> {
  const started = await startAssembly()
  onTestFinished(() => started.stop())
  return a2aBetween(started.assembly, host)
}

function endOf({ task, statusUpdate }: StreamResponse): boolean {
  return (task ?? statusUpdate)?.status?.state === 'TASK_STATE_COMPLETED'
}

async function auditOf({ wire }: Assembly): Promise<AuditEntry[]> {
  return Array.fromAsync(wire.authority.audit.read())
}

test('a stranger has nothing done until it has a grant, and nothing more once it is taken back', async () => {
  const { host, guest, ask, grant, requests } = await setup()
  expect(await ask('scribe')).toBe('FORBIDDEN no-member')
  const id = await grant({ skills: ['scribe'], tokens: 100, depth: 0 })
  expect(await ask('scribe')).toBe('taken')
  expect(await ask('shell')).toBe('FORBIDDEN skill')
  expect(await ask('shell', 'hi', 'scribe')).toBe('FORBIDDEN skill')
  const [request] = requests
  const { peer } = guest.wire.identity
  expect(request?.budget?.left()).toEqual({ tokens: 100 })
  expect(request?.principal).toEqual({ peer, path: [{ peer, agent: '' }], via: [], proven: true })
  await expect(request?.ask('@anybody', 'x')).rejects.toBeDefined()
  await host.wire.grants.revoke(id)
  expect(await ask('scribe')).toBe('FORBIDDEN no-member')
  await vi.waitFor(() => {
    const [held] = guest.wire.grants.held()
    expect(held && guest.wire.grants.stateOf(held.claims)).toBe('revoked')
  }, SOON)
  const told = (await auditOf(host))
    // What happens again is counted, in lines of its own.
    .filter(({ did, times }) => did === 'task.send' && times === undefined)
    .map(({ who, what, allowed, reason, grant: by }) => ({ who, what, allowed, reason, by }))
  const entry = { who: peer, what: undefined, reason: undefined, by: undefined }
  expect(told).toEqual([
    { ...entry, allowed: false, reason: 'no-member' },
    { ...entry, what: 'scribe', allowed: true, by: id },
    { ...entry, what: 'shell', allowed: false, reason: 'skill' }
  ])
})

test('a stranger learns of the agents that its grant names and of no others, and has one found for it', async () => {
  const { host, guest, client, grant } = await setup()
  const known = async (): Promise<string[]> => {
    const found = await Promise.all(
      ['scribe', 'shell'].map((name) => guest.capabilities.finder.find(name, { narrow: true }))
    )
    return found.flatMap(({ providers }) => providers.map(({ agentId }) => agentId))
  }
  const card = (tenant: string): Promise<string> =>
    client.getExtendedAgentCard({ tenant }, {}).then(
      ({ name }) => name,
      (error: unknown) => toLumosError(error).code
    )
  expect(await known()).toEqual([])
  expect(await card('scribe')).toBe('FORBIDDEN')
  const id = await grant({ skills: ['scribe'] })
  await vi.waitFor(async () => expect(await known()).toEqual(['scribe']), SOON)
  expect(await Promise.all(['scribe', 'shell'].map(card))).toEqual([
    'scribe',
    'EXTENDED_CARD_UNAVAILABLE'
  ])
  const session = await guest.wire.sessions.connect(host.wire.identity.peer)
  const digests = host.capabilities.book.cards().map(({ digest }) => digest)
  const body = Buffer.from(JSON.stringify({ digests }))
  const answer = JSON.parse(Buffer.from(await session.request('cards.get', body)).toString())
  expect(answer.cards.map((one: { name: string }) => one.name)).toEqual(['scribe'])
  const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'hi' }] }
  const { delegations } = guest.work
  const task = await delegations.delegate({ target: 'scribe', message })
  const events = await Array.fromAsync(delegations.watch(task.id))
  expect(events.at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_COMPLETED' })
  await host.wire.grants.revoke(id)
  expect(await card('scribe')).toBe('FORBIDDEN')
})

test('who asked for a task may cancel it, and nothing else, when its grant was taken back', async () => {
  const { host, client, grant } = await setup()
  const id = await grant()
  const [own, foreign] = await Promise.all([begin(client), begin(await asMember(host))])
  await host.wire.grants.revoke(id)
  const refused = { code: 'FORBIDDEN' }
  await expect(client.getTask({ id: own }, {})).rejects.toMatchObject(refused)
  const resubscribed = Array.fromAsync(client.subscribeToTask({ id: own }, {}))
  await expect(resubscribed).rejects.toMatchObject(refused)
  const [guessed, unknown] = await Promise.all(
    [foreign, randomUUID()].map((wanted) =>
      client.cancelTask({ id: wanted }, {}).catch((error: unknown) => toLumosError(error).toWire())
    )
  )
  expect(guessed).toMatchObject({ code: 'TASK_NOT_FOUND' })
  expect(guessed).toEqual(unknown)
  const status = { state: 'TASK_STATE_CANCELED', timestamp: expect.any(String) }
  const bare = { id: own, contextId: expect.any(String), status }
  expect(await client.cancelTask({ id: own }, {})).toEqual(bare)
  expect(await client.cancelTask({ id: own }, {})).toEqual(bare)
})

test('a task that its caller cancels on its own node ends at the worker, too, after the grant', async () => {
  const { host, guest, grant, requests } = await setup()
  const id = await grant()
  const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'on' }] }
  const { delegations } = guest.work
  const task = await delegations.delegate({ target: 'poet', message })
  await vi.waitFor(() => expect(requests).toHaveLength(1), SOON)
  await host.wire.grants.revoke(id)
  await delegations.cancel(task.id)
  await vi.waitFor(() => expect(requests[0]?.signal.aborted).toBe(true), SOON)
  const events = await Array.fromAsync(delegations.watch(task.id))
  expect(events.at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_CANCELED' })
})

test('a grant for a few at once lets the next in when one has ended', async () => {
  const { ask, grant, release } = await setup()
  await grant({ concurrency: 1 })
  expect(await ask('scribe', 'wait')).toBe('taken')
  expect(await ask('scribe')).toBe('OVERLOADED concurrency')
  release()
  await vi.waitFor(async () => expect(await ask('scribe')).toBe('taken'), SOON)
})

test('a grant for a few a minute is used up', async () => {
  const { ask, grant } = await setup()
  await grant({ rate: 2 })
  expect(await ask('scribe')).toBe('taken')
  expect(await ask('scribe')).toBe('taken')
  expect(await ask('scribe')).toBe('OVERLOADED rate')
})

test('a part of a grant that is wider than the whole is not even made, and nobody keeps what is for another', async () => {
  const { host, guest, grant } = await setup()
  const id = await grant({ rate: 5 })
  expect(host.wire.grants.given().map(({ claims }) => claims.id)).toEqual([id])
  expect(guest.wire.grants.held().map(({ claims }) => claims.limits)).toEqual([{ rate: 5 }])
  const token = guest.wire.grants.held()[0]?.token ?? ''
  expect(await guest.wire.authority.examine(token)).toMatchObject([{ claims: { id } }])
  await expect(host.wire.grants.add(token)).rejects.toMatchObject({ code: 'GRANT_INVALID' })
  const wider = guest.wire.grants.create({
    audience: host.wire.identity.peer,
    with: `node:${host.wire.identity.peer}`,
    can: ['task/send'],
    limits: { rate: 6 },
    lifetimeMs: HOUR / 2,
    proof: token
  })
  await expect(wider).rejects.toMatchObject({
    details: { reason: 'it is wider than what it rests on: rate' }
  })
})
