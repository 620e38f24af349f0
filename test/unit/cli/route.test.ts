import { expect, test } from 'vitest'
import type { RouteQuery, RouteStanding } from '../../../client/routing-api.ts'
import { createTestCli } from '../../support/cli.ts'

const BEST: RouteStanding = {
  node: 'birch',
  agent: 'calc',
  peer: { id: 'p1', name: 'birch' },
  rttMs: 2,
  queueMs: 0,
  runMs: 20,
  costMs: 23,
  success: 1,
  inFlight: 1,
  load: 0.25,
  slots: 4,
  price: 0,
  measured: 12,
  local: false,
  connected: true,
  path: 'direct',
  idempotent: true,
  runP50Ms: 19,
  runP95Ms: 31,
  queueP95Ms: 0,
  firstEventP95Ms: 25,
  chance: 1,
  why: 'best',
  excludedMs: 0
}

const AWAY: RouteStanding = {
  ...BEST,
  node: 'cedar',
  measured: 0,
  runP95Ms: null,
  load: null,
  chance: 0,
  why: 'banned',
  excludedMs: 4000
}

test('route explain tells of each candidate how likely it is, and why', async () => {
  const asked: RouteQuery[] = []
  const cli = await createTestCli({
    async explainRoute(query) {
      asked.push(query)
      return {
        v: 1,
        target: query.target,
        policy: 'fastest',
        lookupMs: 1,
        candidates: [BEST, AWAY]
      }
    }
  })
  const { code, out, err } = await cli.run([
    'route',
    'explain',
    'calc@birch',
    '--policy',
    'fastest'
  ])
  expect([code, asked]).toEqual([0, [{ target: '@calc@birch', policy: 'fastest' }]])
  const [head = '', best = '', away = ''] = out.split('\n')
  expect(head).toMatch(/^NODE +AGENT +CHANCE +FINISH +RTT .* WHY/)
  expect(best).toMatch(/^birch +calc +100% +23 ms +2 ms .* expected to finish first$/)
  expect(away).toMatch(
    /^cedar +calc +0% .*~20 ms.* could not be reached or fell silent, for 4 s yet$/
  )
  expect(err).toContain('2 candidates, found in 1 ms; policy fastest; ~ is a guess')
})

test('route explain tells what a guess is only where there is one', async () => {
  const cli = await createTestCli({
    async explainRoute({ target }) {
      return { v: 1, target, policy: 'fastest', lookupMs: 1, candidates: [BEST] }
    }
  })
  const { out, err } = await cli.run(['route', 'explain', 'calc'])
  expect(out).not.toContain('~')
  expect(err).not.toContain('guess')
})

test('route explain has the whole document for scripts', async () => {
  const cli = await createTestCli({
    explainRoute: async ({ target }) => ({
      v: 1,
      target,
      policy: 'local-first',
      lookupMs: 1,
      candidates: [BEST]
    })
  })
  const { out } = await cli.run(['route', 'explain', 'echo', '--json'])
  expect(JSON.parse(out)).toMatchObject({ target: 'echo', candidates: [BEST] })
})

test.for([
  ['route', 'explain', 'echo'],
  ['run', 'echo', 'hi']
])('a policy that does not exist is refused, with the one that was meant: %s', async (command) => {
  const cli = await createTestCli()
  const { code, err } = await cli.run([...command, '--policy', 'fastet'])
  expect(code).toBe(2)
  expect(err).toContain('did you mean fastest?')
})

test('tasks show --trace tells between whom it was decided', async () => {
  const { node, agent, rttMs, queueMs, runMs, costMs, success, inFlight, load, price, measured } =
    BEST
  const birch = {
    node,
    agent,
    rttMs,
    queueMs,
    runMs,
    costMs,
    success,
    inFlight,
    load,
    price,
    measured
  }
  const cli = await createTestCli({
    async *taskEvents() {
      yield {
        v: 1,
        seq: 0,
        type: 'routed',
        candidates: 3,
        worker: { id: 'p1', name: 'birch' },
        agent: 'calc',
        path: 'direct',
        lookupMs: 1,
        choice: {
          policy: 'fastest',
          compared: [birch, { ...birch, node: 'dogwood', costMs: 40, runMs: 37 }],
          excluded: { banned: 1 }
        }
      }
    }
  })
  const [task] = (
    JSON.parse((await cli.run(['tasks', '--json'])).out) as { tasks: { id: string }[] }
  ).tasks
  const { out } = await cli.run(['tasks', 'show', task?.id ?? '', '--trace'])
  expect(out).toContain('→ calc on birch   policy fastest, 3 candidates, 1 banned')
  expect(out).toContain(
    '  birch: 23 ms = (2 ms there and back + 0 ms queue + 20 ms run) / 100% success'
  )
  expect(out).toContain('  dogwood: 40 ms')
})
