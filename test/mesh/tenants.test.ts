/** Two tenants at one door, who use the same names for everything. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partyOf } from '../../core/party.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'

let node: HttpNode
const tokens: Record<string, string> = {}

/** Says under which names it keeps what belongs to whoever asks. */
const who = testAgent('who', async function* ({ contextId, message }) {
  yield `${contextId} ${partyOf(message) ?? ''}`
})
const secret = testAgent('secret', async function* () {
  yield 'secret'
})

beforeAll(async () => {
  const tenants = { loud: { burst: 20, rate: 0.001 }, beta: { agents: ['who'] } }
  node = await startHttpNode([who, secret], { gateway: { port: 0, tenants } })
  for (const tenant of ['acme', 'beta', 'loud']) {
    const scopes = ['task/send'] as const
    const made = await node.gateway.tokens.create({ name: '', scopes, tenant, lifetimeMs: 60_000 })
    tokens[tenant] = made.secret
  }
})

afterAll(() => node.stop())

async function ask(tenant: string, path: string, message?: object) {
  const answer = await fetch(`${node.url}${path}`, {
    method: message === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${tokens[tenant]}`, 'content-type': 'application/json' },
    ...(message && { body: JSON.stringify({ message }) })
  })
  // oxlint-disable-next-line typescript/no-explicit-any -- what it is, the tests say
  const body: any = await answer.json()
  return { status: answer.status, headers: answer.headers, body }
}

function say(tenant: string, more: object = {}, agent = 'who') {
  const message = { messageId: 'm', contextId: 'talk', role: 'ROLE_USER', parts: [{ text: 'hi' }] }
  return ask(tenant, `/agents/${agent}/message:send`, { ...message, ...more })
}

test('the same message in the same context is another task of another conversation', async () => {
  const [acme, beta] = [await say('acme'), await say('beta')]
  const [a, b] = [acme.body.task, beta.body.task]
  expect([a.contextId, b.contextId]).toEqual(['talk', 'talk'])
  expect(a.id).not.toBe(b.id)
  const [inA, inB] = [a, b].map((task) => task.artifacts[0].parts[0].text.split(' '))
  expect(inA[0]).not.toBe(inB[0])
  expect(inA[1]).not.toBe(inB[1])
  const next = await say('acme', { messageId: 'next' })
  expect(next.body.task.artifacts[0].parts[0].text.split(' ')).toEqual(inA)
  expect(JSON.stringify([a.history, b.history])).not.toContain('party')
})

test('another’s task is as one that is not there, to read, to list and to answer', async () => {
  const { id } = (await say('beta', { messageId: 'other' })).body.task
  const missing = '01890a5d-ac96-774b-bcce-b302099a8057'
  const answers = await Promise.all(
    [id, missing].map((task) => ask('acme', `/agents/who/tasks/${task}`))
  )
  expect(answers[0]).toMatchObject({ status: 404, body: answers[1]?.body })
  const listed = await ask('acme', '/agents/who/tasks?contextId=talk')
  expect(JSON.stringify(listed.body)).not.toContain(id)
  expect((await say('acme', { messageId: 'x', taskId: id })).status).toBe(404)
})

test('an agent that a tenant may not see is as one that is not there', async () => {
  const { body } = await ask('beta', '/agents')
  expect(JSON.stringify(body)).not.toContain('secret')
  const paths = ['secret', 'nobody'].map((agent) => `/agents/${agent}/.well-known/agent-card.json`)
  const [hidden, none] = await Promise.all(paths.map((path) => ask('beta', path)))
  const named = JSON.stringify(none?.body).replaceAll('nobody', 'secret')
  expect([hidden?.status, JSON.stringify(hidden?.body)]).toEqual([none?.status, named])
  const [called, uncalled] = [await say('beta', {}, 'secret'), await say('beta', {}, 'nobody')]
  expect(JSON.stringify(called.body)).toBe(
    JSON.stringify(uncalled.body).replaceAll('nobody', 'secret')
  )
})

test('who asks too much is told when to come again, the others go on, and the report says so', async () => {
  const flood = await Promise.all(Array.from({ length: 25 }, () => ask('loud', '/agents')))
  const refused = flood.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThanOrEqual(5)
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(JSON.stringify(refused[0]?.body)).toContain('QUOTA_EXCEEDED')
  expect((await say('beta', { messageId: 'after' })).status).toBe(200)
  const days = await node.assembly.work.accounts.report({})
  const of = (owner: string) => days.find((day) => day.owner === owner)
  expect(of('tenant:loud')?.refused).toBeGreaterThanOrEqual(5)
  expect(of('tenant:beta')).toMatchObject({ refused: 0 })
  expect(of('tenant:beta')?.completed).toBeGreaterThanOrEqual(1)
})
