import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { JsonObject } from '../../../../core/json.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createControlApp } from '../../../../gateway/control/app.ts'
import type { LocalDeed } from '../../../../gateway/control/audit-operations.ts'
import { openApiDocument } from '../../../../gateway/control/openapi.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { ROUTES } from '../../../../gateway/control/routes.ts'
import { failure } from '../../../../gateway/control/schema/document.ts'
import { fakeAudit } from '../../../support/audit-operations.ts'
import { fakeOperations } from '../../../support/control-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const JSON_BODY = { 'content-type': 'application/json' }
const RUN = { target: 'echo', text: 'hello' }

function setup(overrides: Partial<ControlOperations> = {}) {
  const components = {
    operations: fakeOperations(overrides),
    logger: silentLogger,
    clock: new ManualClock()
  }
  return { app: createControlApp(components, new AbortController().signal) }
}

const SAMPLES: Record<string, { query?: string; body?: object }> = {
  audit: { query: '?since=2026-01-01T00:00:00Z&peer=birch&denied=true&limit=5' },
  find: { query: '?q=echo&all=true' },
  watchFind: { query: '?q=echo&all=true' },
  explainRoute: { query: '?target=echo&policy=spread' },
  agent: { query: '?node=amber-otter' },
  logs: {
    query:
      '?follow=false&level=debug&component=node&peer=birch&task=1f2e&since=2026-01-01T00:00:00Z&limit=5'
  },
  changeLogLevels: {
    body: { level: 'warn', components: { 'libp2p:tcp': 'trace', dht: null }, forMs: 5, reset: true }
  },
  tasks: { query: '?state=TASK_STATE_WORKING&cursor=abc&limit=10' },
  blockPeer: { body: { reason: 'spam', forMs: 5 } },
  fix: { body: { fixes: ['addresses'] } },
  connectPeer: { body: { address: '/ip4/127.0.0.1/tcp/1' } },
  answerTask: { body: { text: 'Rome', messageId: 'm' } },
  fact: { query: '?key=a%2Fb' },
  putFact: { body: { key: 'a/b', value: { deep: [1, null] }, ttlMs: 5 } },
  removeFact: { body: { key: 'a/b' } },
  facts: { query: '?prefix=a%2F&after=a%2Fa&limit=5&reverse=true' },
  watchFacts: { query: '?prefix=a%2F&after=1-17' },
  factHistory: { query: '?key=a%2Fb' },
  searchFacts: { body: { text: 'rome', vector: [1, 0], mode: 'both', prefix: 'a/', limit: 5 } },
  exportFacts: { query: '?prefix=a%2F' },
  importFacts: {
    body: { facts: [{ key: 'a/b', value: 'x', expiresAt: '2026-01-02T03:04:05.678Z' }] }
  },
  createSpace: { body: { name: 'team', mode: 'members', sealed: true } },
  grantSpace: { body: { peer: 'amber-otter', role: 'write', prefix: 'a/', ttlMs: 5 } },
  revokeSpace: { body: { peer: 'amber-otter' } },
  forgetSpace: { body: { force: true } },
  createApiToken: { body: { name: 'editor', scopes: ['task/send'], lifetimeMs: 60_000 } },
  revokeApiToken: { body: { token: '0f0f0f' } },
  createGrant: {
    body: {
      peer: 'amber-otter',
      can: ['task/send'],
      with: 'swarm',
      limits: { skills: ['translate.*'], rate: 10, egress: false },
      lifetimeMs: 60_000,
      proof: 'a.b.c'
    }
  },
  showGrant: { body: { grant: '0f0f0f' } },
  addGrant: { body: { token: 'a.b.c' } },
  revokeGrant: { body: { id: '0f0f0f' } },
  invite: { body: { role: 'worker', lifetimeMs: 60_000, uses: 2 } },
  setMemberRole: { body: { role: 'admin' } },
  addHost: {
    body: { path: '/shop', name: 'shop', env: { KEY: 'k' }, memoryBytes: 2 ** 30, once: true }
  },
  addModels: { body: { name: 'gpu', baseUrl: 'http://gpu/v1', key: 'k', models: ['a'] } },
  removeModels: { body: { name: 'gpu' } },
  setDefaultModel: { body: { models: ['gpu/a'] } },
  testModel: { body: { model: 'gpu/a' } },
  addMcpServer: {
    body: { name: 'files', server: { command: 'npx', args: ['server'], env: { A: 'env:B' } } }
  },
  mcpResource: { query: '?uri=file%3A%2F%2F%2Fa' },
  mcpPrompt: { body: { prompt: 'greet', values: { city: 'Rome' } } },
  serveMcp: { body: { port: 0 } },
  callTool: { body: { input: { url: 'x' }, consent: true } },
  setToolRule: {
    body: { tool: 'http_*', action: 'allow', caller: 'self', effect: 'network', tainted: true }
  },
  resetToolRules: { body: { tool: 'http_*' } },
  enableTool: { body: { tool: 'shell@1.0.0' } },
  disableTool: { body: { tool: 'shell' } },
  develop: { body: { path: '/home/ada/agent.ts', env: { A: 'b' } } },
  run: { body: { ...RUN, to: 'x', where: 'any', timeoutMs: 5, contextId: 'c' } }
}

/** Of one document, of lines, or of server-sent events. */
function documentsIn(body: string): readonly string[] {
  return body
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(:|id:|$)/.test(line))
    .map((line) => line.replace(/^data: /, ''))
}

test.for(ROUTES.map((route) => [route.id, route] as const))(
  '%s answers with what its schema says',
  async ([id, route]) => {
    const { app } = setup()
    const { query = '', body } = SAMPLES[id] ?? {}
    const path = route.path.replace('{id}', 't1').replaceAll(/\{\w+\}/g, 'amber%2Fotter')
    const response = await app.request(path + query, {
      method: route.method,
      ...(body && { body: JSON.stringify(body), headers: JSON_BODY })
    })
    expect(response.status).toBe(200)
    if (route.kind === 'text') {
      expect(response.headers.get('content-type')).toBe(route.contentType)
      return
    }
    const texts = documentsIn(await response.text())
    const documents = texts.map((text): unknown => JSON.parse(text))
    expect(documents.map((document) => route.answer.parse(document))).toEqual(documents)
    expect(documents.length === 1 || route.kind === 'lines').toBe(true)
  }
)

/** POST, for the sake of a body or because it costs something; nothing is another way afterwards. */
const HARMLESS = new Set(['mcpPrompt', 'pingPeer', 'searchFacts', 'showGrant', 'testModel'])

test('whatever changes something is noted once, and nothing of what was in it', async () => {
  const noted: LocalDeed[] = []
  const { app } = setup({ audit: fakeAudit(noted) })
  for (const [path, methods] of Object.entries(pathsOf(openApiDocument()))) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      const { query = '', body } = SAMPLES[operationId] ?? {}
      // oxlint-disable-next-line no-await-in-loop -- the notes of one after the other
      const response = await app.request(
        path.replace('{id}', 't1').replaceAll(/\{\w+\}/g, 'amber') + query,
        {
          method: method.toUpperCase(),
          ...(body && { body: JSON.stringify(body), headers: JSON_BODY })
        }
      )
      // oxlint-disable-next-line no-await-in-loop -- as above
      await response.text()
      const notes = noted.splice(0)
      const changes = method !== 'get' && !HARMLESS.has(operationId)
      expect(notes.map(({ did }) => did)).toEqual(changes ? [operationId] : [])
      for (const { what = '' } of notes) {
        expect(what).not.toMatch(/hello|secret|server|input|deep|^k$/)
        expect(path.includes('{') && what === '').toBe(false)
      }
    }
  }
})

function pathsOf(document: JsonObject) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as OpenAPI has it
  return document['paths'] as Record<string, Record<string, { operationId: string }>>
}

test('what came to nothing is noted with the reason, and what was no request is not', async () => {
  const noted: LocalDeed[] = []
  const { app } = setup({
    audit: fakeAudit(noted),
    removeTask: () => Promise.reject(new LumosError('TASK_NOT_FOUND'))
  })
  await app.request('/v1/tasks/t1/remove', { method: 'POST' })
  await app.request('/v1/run', { method: 'POST', body: '{}', headers: JSON_BODY })
  await app.request(`/v1/tasks/${'x'.repeat(1000)}/cancel`, { method: 'POST' })
  expect(noted).toEqual([
    { did: 'removeTask', what: 't1', allowed: true, reason: 'TASK_NOT_FOUND' },
    { did: 'cancelTask', what: 'x'.repeat(128), allowed: true }
  ])
})

test('hands on what was asked, decoded and converted', async () => {
  const tasks = vi.fn<ControlOperations['tasks']>()
  const pingPeer = vi.fn<ControlOperations['pingPeer']>()
  const { app } = setup({ tasks, pingPeer })
  await app.request('/v1/tasks')
  expect(tasks).toHaveBeenCalledWith({ limit: 50 })
  await app.request('/v1/peers/echo%40a%2Fb/ping', { method: 'POST' })
  expect(pingPeer.mock.lastCall?.[0]).toBe('echo@a/b')
})

test.for([
  ['/v1/tasks?limit=0', 'query.limit'],
  ['/v1/tasks?limit=x', 'query.limit'],
  ['/v1/tasks?state=done', 'query.state'],
  ['/v1/tasks?sort=up', 'query'],
  ['/v1/logs?since=yesterday', 'query.since'],
  ['/v1/find', 'query.q'],
  ['/v1/route', 'query.target']
] as const)('refuses %s and says where it is wrong', async ([path, place]) => {
  const { app } = setup()
  const response = await app.request(path)
  expect(response.status).toBe(400)
  const { error } = failure.parse(await response.json())
  expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
  expect(error.message).toContain(place)
})

test.for([
  ['{"target":', 'not JSON'],
  ['', 'not JSON'],
  ['[]', 'body'],
  ['{"target":"echo"}', 'body.text'],
  ['{"target":"echo","text":"x","shell":true}', 'shell'],
  ['{"target":"echo","text":"x","__proto__":{"where":"local"}}', '__proto__'],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'body']
] as const)('refuses the body %s', async ([body, reason]) => {
  const run = vi.fn<ControlOperations['run']>()
  const { app } = setup({ run })
  const response = await app.request('/v1/run', { method: 'POST', body, headers: JSON_BODY })
  expect(response.status).toBe(400)
  expect(failure.parse(await response.json()).error.message).toContain(reason)
  expect(run).not.toHaveBeenCalled()
})
