/** For whom a task is done, between three whole nodes: proven offline, bounded by the first, refused when it is forged. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AgentRequest } from '../../agents/agent.ts'
import { rootChain } from '../../core/chain.ts'
import type { Behalf } from '../../core/chain.ts'
import { toLumosError } from '../../core/errors.ts'
import type { GrantLimits } from '../../core/grant-words.ts'
import type { Assembly } from '../../node/assembly.ts'
import { proofMetadata } from '../../protocols/a2a/behalf.ts'
import { chainMetadata } from '../../protocols/a2a/chain.ts'
import { taskIdMetadata } from '../../protocols/a2a/extensions.ts'
import { a2aBetween, testAgent } from '../support/a2a-nodes.ts'
import { startSecludedNode } from '../support/secluded-node.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const SOON = { timeout: 15_000, interval: 10 }
const LISTEN = ['/ip4/127.0.0.1/tcp/0']

/** The asker asks the helper, which asks the scribe or the shell of the third node. */
async function setup({ requireProof = false } = {}) {
  const requests = new Map<string, AgentRequest>()
  const folder = await temporaryDirectory()
  const start = async (name: string, init: object = {}): Promise<Assembly> => {
    const node = await startSecludedNode({
      home: join(folder, name),
      name,
      listen: LISTEN,
      ...init
    })
    onTestFinished(() => node.stop())
    return node
  }
  const agent = (id: string) =>
    testAgent(id, async function* (request) {
      requests.set(id, request)
      yield request.text
    })
  const helper = testAgent('helper', async function* (request) {
    requests.set('helper', request)
    const [target = '', several] = request.text.split(' ')
    const options = several === undefined ? {} : { ensemble: { peers: 2, take: 'first' as const } }
    yield JSON.stringify(await request.ask(`@${target}`, 'go', options))
  })
  const agents = [agent('scribe'), agent('shell')]
  const third = await start('third', { agents, tasks: { requireProof } })
  const bootstrap = third.wire.network.addresses()
  const second = await start('second', { agents: [helper], bootstrap })
  const asker = await start('asker', { bootstrap: second.wire.network.addresses() })
  await Promise.all([knows(asker, 'helper'), knows(second, 'scribe'), knows(second, 'shell')])
  /** Code of the outcome, from the asker's own node. */
  async function ask(text: string): Promise<string> {
    const message = { messageId: randomUUID(), role: 'ROLE_USER' as const, parts: [{ text }] }
    const { id } = await asker.work.delegations.delegate({ target: '@helper', message })
    const end = (await Array.fromAsync(asker.work.delegations.watch(id))).at(-1)
    return end?.type === 'result' ? (end.error?.code ?? 'done') : 'unended'
  }
  return { asker, second, third, requests, ask }
}

async function knows({ capabilities }: Assembly, agent: string): Promise<void> {
  await vi.waitFor(async () => {
    expect((await capabilities.finder.find(`@${agent}`)).providers).not.toEqual([])
  }, SOON)
}

/** To the nodes of the test, the asker is no member, and the second is the owner. */
async function estrange(nodes: Awaited<ReturnType<typeof setup>>, limits: GrantLimits) {
  const { asker, second, third } = nodes
  const stranger = asker.wire.identity.peer
  for (const { wire } of [second, third]) {
    vi.spyOn(wire.nodeSwarm, 'roleOf').mockImplementation((peer) =>
      peer === stranger ? undefined : 'owner'
    )
  }
  // They may have met, but it has shown nothing there.
  vi.spyOn(third.wire.authority, 'present').mockResolvedValue([])
  const { token } = await second.wire.grants.create({
    audience: stranger,
    with: `swarm:${second.wire.swarm.id}`,
    can: ['task/send'],
    limits,
    lifetimeMs: 3_600_000
  })
  await asker.wire.grants.add(token)
  await vi.waitFor(() => expect(second.wire.authority.grantsOf(stranger)).toHaveLength(1), SOON)
}

test('the third node knows for sure who asked, and by way of whom', async () => {
  const { asker, second, requests, ask } = await setup({ requireProof: true })
  expect(await ask('scribe')).toBe('done')
  const [first, via] = [asker, second].map(({ wire }) => wire.identity.peer)
  const path = [
    { peer: first, agent: '' },
    { peer: via, agent: 'helper' }
  ]
  expect(requests.get('scribe')?.principal).toEqual({ peer: first, path, via: [via], proven: true })
})

test('it is as sure when another agent of the node in between did the asking', async () => {
  const { asker, second, requests, ask } = await setup({ requireProof: true })
  expect(await ask('scribe ensemble')).toBe('done')
  const [first, via] = [asker, second].map(({ wire }) => wire.identity.peer)
  expect(requests.get('scribe')?.principal).toMatchObject({ peer: first, via: [via], proven: true })
  expect(requests.get('scribe')?.principal?.path).toHaveLength(3)
})

test('a stranger’s grant goes along with its task, and bounds what others do for it', async () => {
  const nodes = await setup()
  await estrange(nodes, { skills: ['helper', 'scribe'], tokens: 50, depth: 1 })
  const { second, third, requests, ask } = nodes
  expect(await ask('scribe')).toBe('done')
  expect(requests.get('scribe')?.principal).toMatchObject({ proven: true })
  expect(requests.get('scribe')?.budget?.left()).toEqual({ tokens: 50 })
  expect(requests.get('scribe')?.chain?.maxHops).toBe(1)
  // It would look for others for a while.
  void ask('shell').catch(() => {})
  const refused = { who: second.wire.identity.peer, what: 'shell', reason: 'on-behalf' }
  await vi.waitFor(async () => {
    const audit = await Array.fromAsync(third.wire.authority.audit.read())
    expect(audit).toContainEqual(expect.objectContaining(refused))
  }, SOON)
  expect(requests.has('shell')).toBe(false)
})

test('a node in between that forges, cuts, replays or borrows a proof is refused and named', async () => {
  const nodes = await setup()
  const { asker, second, third, requests, ask } = nodes
  expect(await ask('scribe')).toBe('done')
  const good = requests.get('scribe')
  const behalf: Behalf = good?.chain?.behalf ?? { task: '' }
  const { token = '' } = behalf
  const client = await a2aBetween(second, third)
  const [first, via] = [asker, second].map(({ wire }) => wire.identity.peer)
  const path = [
    { peer: first ?? '', agent: '' },
    { peer: via ?? '', agent: 'helper' }
  ]
  const before = good?.chain ?? rootChain(behalf.task)
  /** Under another id than the proof is for. */
  async function sent(proof: string | undefined, trace = before.trace): Promise<string> {
    const id = randomUUID()
    const message = { messageId: id, role: 'ROLE_USER' as const, parts: [{ text: 'x' }] }
    const metadata = {
      ...taskIdMetadata(id),
      ...chainMetadata({ ...rootChain(id), trace, path }, id),
      ...(proof !== undefined && proofMetadata({ token: proof }))
    }
    try {
      await client.sendMessage({ tenant: 'scribe', message, metadata }, {})
      return 'taken'
    } catch (error) {
      return toLumosError(error).code
    }
  }
  const inner = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).prf
  expect(inner).toBeTypeOf('string')
  requests.delete('scribe')
  for (const proof of [
    '',
    'x',
    token,
    token.slice(0, -9),
    `${token.slice(0, -9)}AAAAAAAAA`,
    inner
  ]) {
    expect(await sent(proof)).toBe('BEHALF_INVALID')
  }
  expect(await sent(token, 'ab'.repeat(16))).toBe('BEHALF_INVALID')
  expect(requests.has('scribe')).toBe(false)
  expect(third.wire.blame.of(via ?? '')).toMatchObject({ reason: 'BEHALF_INVALID' })
  const audit = await Array.fromAsync(third.wire.authority.audit.read())
  expect(audit).toContainEqual(
    expect.objectContaining({
      who: via,
      did: 'task.send',
      allowed: false,
      reason: 'BEHALF_INVALID'
    })
  )
  expect(await sent(undefined)).toBe('taken')
  expect(requests.get('scribe')?.principal).toMatchObject({ peer: first, proven: false })
})

test('nobody signs for a task that a peer was not given', async () => {
  const { asker, second, third, ask } = await setup()
  expect(await ask('scribe')).toBe('done')
  const [done] = await asker.work.delegations.list({ limit: 1 })
  await a2aBetween(third, asker)
  for (const [node, task] of [
    [second, done?.id],
    [second, randomUUID()],
    [third, done?.id]
  ] as const) {
    const session = await node.wire.sessions.connect(asker.wire.identity.peer)
    const body = Buffer.from(JSON.stringify({ v: 1, task }))
    const asked = session.request('behalf.sign', body, { timeoutMs: 5000 })
    await expect(asked).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  }
})
