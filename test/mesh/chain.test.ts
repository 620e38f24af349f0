/** What travels with a task through four nodes: who asked, what may be spent, how urgent it is, its trace. */
import { expect, onTestFinished, test } from 'vitest'
import type { AgentRequest } from '../../agents/agent.ts'
import type { DelegationRequest } from '../../tasks/caller/delegation-request.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startChain } from '../support/chained-nodes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** a asks first (on b), which asks second (on c), which asks third (on d) twice at once. */
async function setup() {
  const seen = new Map<string, Pick<AgentRequest, 'chain'> & { left: object | undefined }>()
  const principals = new Map<string, AgentRequest['principal']>()
  const see = (id: string, { chain, budget, principal }: AgentRequest): void => {
    principals.set(id, principal)
    seen.set(id, { ...(chain && { chain }), left: budget?.left() })
  }
  const first = testAgent('first', async function* (request) {
    see('first', request)
    request.budget?.spend({ tokens: 100 })
    yield JSON.stringify(await request.ask('@second', request.text))
  })
  const second = testAgent('second', async function* (request) {
    see('second', request)
    request.budget?.spend({ tokens: 50, money: 0.01 })
    const both = ['one', 'two'].map((text) => request.ask('@third', text))
    yield JSON.stringify(await Promise.all(both))
  })
  const third = testAgent('third', async function* (request) {
    see('third', request)
    request.budget?.spend({ tokens: 25 })
    yield 'done'
  })
  const nodes = await startChain(await temporaryDirectory(), {
    b: [first],
    c: [second],
    d: [third]
  })
  onTestFinished(() => nodes.stop())
  const { delegations, ledger } = nodes.a.work
  async function ask(wish: Partial<DelegationRequest>) {
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'go' }] }
    const { id } = await delegations.delegate({ target: '@first', message, patient: true, ...wish })
    const events = await Array.fromAsync(delegations.watch(id))
    return { id, result: events.at(-1) }
  }
  return { nodes, seen, principals, ask, ledger }
}

test('path, trace and urgency are the same story at each node', async () => {
  const { seen, ask, ledger } = await setup()
  const { id, result } = await ask({ priority: 'batch' })
  expect(result).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
  const trace = id.replaceAll('-', '')
  const chains = ['first', 'second', 'third'].map((name) => seen.get(name)?.chain)
  for (const chain of chains) expect(chain).toMatchObject({ trace, priority: 'batch' })
  expect(chains.map((chain) => chain?.path.map(({ agent }) => agent))).toEqual([
    ['', 'first'],
    ['', 'first', 'second'],
    ['', 'first', 'second', 'third']
  ])
  expect(new Set(chains[2]?.path.map(({ peer }) => peer)).size).toBe(4)
  expect((await ledger.find(id)).chain).toMatchObject({ trace, path: [] })
})

test('the budget shrinks with each hop, and what all of them spent comes back', async () => {
  const { seen, ask, ledger } = await setup()
  const { id, result } = await ask({ budget: { calls: 9, tokens: 1000, money: 0.05 } })
  expect(seen.get('first')?.left).toEqual({ calls: 9, tokens: 1000, money: 0.05 })
  expect(seen.get('second')?.left).toEqual({ calls: 8, tokens: 900, money: 0.05 })
  expect(seen.get('third')?.left).toEqual({ calls: 3, tokens: 425, money: expect.closeTo(0.02) })
  expect(result).toMatchObject({ usage: { calls: 3, tokens: 200, money: 0.01 } })
  expect((await ledger.find(id)).usage).toEqual({ calls: 3, tokens: 200, money: 0.01 })
})

test('who has no calls left asks nobody, and says so through all nodes', async () => {
  const { seen, ask } = await setup()
  const { result } = await ask({ budget: { calls: 1 } })
  expect(result).toMatchObject({ error: { code: 'BUDGET_SPENT' }, usage: { calls: 1 } })
  expect(seen.has('third')).toBe(false)
})

test('each agent learns for whom it works, by way of whom, and that it is proven', async () => {
  const { principals, ask, nodes } = await setup()
  expect((await ask({})).result).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
  const { peer } = nodes.a.wire.identity
  for (const name of ['first', 'second', 'third']) {
    expect(principals.get(name)).toMatchObject({ peer, proven: true })
  }
  const vias = ['first', 'second', 'third'].map((name) => principals.get(name)?.via)
  const [, b, c] = principals.get('third')?.path.map((hop) => hop.peer) ?? []
  expect(vias).toEqual([[], [b], [b, c]])
  expect(principals.get('third')?.path.map(({ agent }) => agent)).toEqual(['', 'first', 'second'])
})
