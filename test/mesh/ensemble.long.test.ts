/** One question to several real nodes: what is made of their answers, also when one dies, lies or is slow. */
import { expect, test, vi } from 'vitest'
import type { AgentDefinition } from '../../agents/agent.ts'
import { asJson } from '../../agents/tools/json-value.ts'
import type { RunEvent } from '../../client/api.ts'
import { ensembleReportOf } from '../../core/ensemble.ts'
import type { EnsembleReport } from '../../core/ensemble.ts'
import type { LumosNode, NodeOptions, RunOptions } from '../../node/create-node.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startSecluded, testFolder } from '../support/started-nodes.ts'

type Behaviour = AgentDefinition['run']

function says(text: string): Behaviour {
  return async function* () {
    yield text
  }
}

// oxlint-disable-next-line require-yield -- it comes to nothing
async function* fails(): AsyncGenerator<string> {
  throw new Error('broken')
}

/** Waits until nobody wants it any more, and says when that was. */
function waits(onEnd: () => void = () => {}): Behaviour {
  return async function* ({ signal }) {
    yield { type: 'progress', text: 'begun' }
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        onEnd()
        reject(signal.reason)
      })
    })
  }
}

interface Swarm {
  readonly caller: LumosNode
  readonly peers: Readonly<Record<string, LumosNode>>
}

/** Nodes whose agent `poll` does what is said, and one that asks them. */
async function swarmOf(
  behaviours: Readonly<Record<string, Behaviour>>,
  more: Partial<NodeOptions> = {}
): Promise<Swarm> {
  const names = Object.keys(behaviours)
  const nodes = await Promise.all(
    names.map((name) => {
      const run = behaviours[name] ?? says('')
      return startSecluded({ name, agents: [testAgent('poll', run, { idempotent: true })] })
    })
  )
  const bootstrap = nodes.flatMap((node) => node.addresses())
  const caller = await startSecluded({ name: 'caller', bootstrap, ...more })
  await vi.waitFor(
    async () => expect((await caller.find('poll')).providers).toHaveLength(names.length),
    { timeout: 15_000, interval: 10 }
  )
  return { caller, peers: Object.fromEntries(names.map((name, at) => [name, nodes[at] ?? caller])) }
}

interface Told {
  readonly result: Extract<RunEvent, { type: 'result' }>
  readonly text: string
  readonly report: EnsembleReport
  readonly answers: Readonly<Record<string, string>>
}

async function toldBy(events: AsyncIterable<RunEvent>): Promise<Told> {
  for await (const event of events) {
    if (event.type !== 'result') continue
    const { artifacts } = event.task
    const textOf = (id: string): string =>
      artifacts.find(({ artifactId }) => artifactId === id)?.parts[0]?.text ?? ''
    const answers = artifacts.filter(({ artifactId }) => artifactId.startsWith('answer-'))
    const [report] = artifacts.flatMap((artifact) => ensembleReportOf(artifact) ?? [])
    if (report === undefined) throw new Error('there is no report')
    return {
      result: event,
      text: textOf('result'),
      report,
      answers: Object.fromEntries(
        answers.map(({ name = '', artifactId }) => [name, textOf(artifactId)])
      )
    }
  }
  throw new Error('the story has no end')
}

function ask(caller: LumosNode, ensemble: RunOptions['ensemble'], more: RunOptions = {}) {
  return toldBy(caller.run('poll', 'what?', { ...(ensemble && { ensemble }), ...more }))
}

function states({ report }: Told): Readonly<Record<string, string>> {
  return Object.fromEntries(report.members.map(({ node, state }) => [node.name, state]))
}

test('the first answer is taken, and who is slower is told to stop', async () => {
  const ended = vi.fn<() => void>()
  const { caller } = await swarmOf({ amber: says('here'), birch: waits(ended) })
  const told = await ask(caller, { peers: 2 })
  expect(told.text).toBe('here')
  expect(told.result.task.state).toBe('TASK_STATE_COMPLETED')
  expect(states(told)).toEqual({ amber: 'answered', birch: 'dismissed' })
  await vi.waitFor(() => expect(ended).toHaveBeenCalled(), { timeout: 5000, interval: 5 })
})

test('all answers come under the names of their peers, and fewer peers than wanted are told', async () => {
  const { caller } = await swarmOf({
    amber: says('a'),
    birch: says('b'),
    cedar: fails
  })
  const told = await ask(caller, { peers: 5, take: 'all' })
  expect(told.result.task.state).toBe('TASK_STATE_COMPLETED')
  expect(told.answers).toEqual({ amber: 'a', birch: 'b' })
  expect(told.report).toMatchObject({ wanted: 5 })
  expect(states(told)).toEqual({ amber: 'answered', birch: 'answered', cedar: 'failed' })
  expect(told.report.members.find(({ state }) => state === 'failed')?.error?.code).toBe(
    'AGENT_FAILED'
  )
})

test('a majority is taken as soon as it is certain', async () => {
  const { caller } = await swarmOf({ amber: says('4'), birch: says(' 4\n'), cedar: waits() })
  const told = await ask(caller, { peers: 3, take: 'majority' })
  expect(told.text.trim()).toBe('4')
  expect(told.report.outcome).toMatchObject({ votes: 2, needed: 2 })
  expect(states(told)).toMatchObject({ cedar: 'dismissed' })
})

test('a peer that goes away meanwhile is replaced, and the answer comes all the same', async () => {
  const begun = Promise.withResolvers<string>()
  let runs = 0
  const kills = (name: string): Behaviour =>
    async function* (request) {
      runs += 1
      if (runs > 1) yield 'alive'
      else {
        begun.resolve(name)
        yield* waits()(request)
      }
    }
  const names = ['amber', 'birch', 'cedar']
  const { caller, peers } = await swarmOf(
    Object.fromEntries(names.map((name) => [name, kills(name)]))
  )
  const asked = ask(caller, { peers: 2, take: 'all' })
  const victim = await begun.promise
  await peers[victim]?.stop()
  const told = await asked
  expect(told.result.task.state).toBe('TASK_STATE_COMPLETED')
  const others = names.filter((name) => name !== victim)
  expect(Object.keys(told.answers).toSorted()).toEqual(others)
  expect(states(told)[victim]).toBe('replaced')
})

test('a judge sees answers without names and chooses one; one that lies is not believed', async () => {
  const seen: string[] = []
  const answers = { amber: says('red'), birch: says('green') }
  const honest = testAgent('honest', async function* ({ text }) {
    seen.push(text)
    const [, number] = /from="answer (\d)">\ngreen/.exec(text) ?? []
    yield JSON.stringify({ choice: Number(number), why: 'it is calm' })
  })
  const liar = testAgent('liar', says('{"choice": 3}'))
  const { caller } = await swarmOf(answers, { agents: [honest, liar] })
  const chosen = await ask(caller, { peers: 2, take: 'best', judge: 'honest' })
  expect(chosen.text).toBe('green')
  expect(chosen.report.outcome).toMatchObject({ judge: 'honest', reason: 'it is calm' })
  expect(seen.join()).not.toMatch(/amber|birch/)
  const lied = await ask(caller, { peers: 2, take: 'best', judge: 'liar' })
  expect(lied.report.outcome).toMatchObject({
    fallback: true,
    reason: expect.stringContaining('no valid choice')
  })
  expect(['red', 'green']).toContain(lied.text)
})

test('a cancel reaches all peers, and each is told', async () => {
  const ended = vi.fn<() => void>()
  const begun = vi.fn<() => void>()
  const run: Behaviour = async function* (request) {
    begun()
    yield* waits(ended)(request)
  }
  const { caller } = await swarmOf({ amber: run, birch: run })
  const left = new AbortController()
  const asked = ask(
    caller,
    { peers: 2, take: 'all' },
    { signal: left.signal, cancelOnDisconnect: true }
  )
  asked.catch(() => {})
  await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(2), { timeout: 5000, interval: 5 })
  left.abort()
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(2), { timeout: 5000, interval: 5 })
})

test('peers that are too slow fail with the time they had, and the others are told', async () => {
  const { caller } = await swarmOf({ amber: says('a'), birch: waits() })
  const told = await ask(caller, { peers: 2, take: 'all' }, { timeoutMs: 1500 })
  expect(told.answers).toEqual({ amber: 'a' })
  expect(told.report.members.find(({ state }) => state === 'failed')?.error?.code).toBe('TIMED_OUT')
})

test('what nobody can do is refused before it is a task', async () => {
  const { caller } = await swarmOf({ a: says('yes') })
  const asking = toldBy(caller.run('nosuch', 'what?', { ensemble: { peers: 2 } }))
  await expect(asking).rejects.toMatchObject({ code: 'NO_ROUTE' })
  const control = caller.run('@poll@nobody', 'what?', { ensemble: { peers: 2 } })
  await expect(toldBy(control)).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
})

test('an agent asks several, too', async () => {
  const lead = testAgent('lead', async function* ({ ask: put }) {
    const parts = await put('poll', 'what?', { ensemble: { peers: 3, take: 'all' } })
    yield { type: 'artifact', artifact: { artifactId: 'result', parts: [{ data: asJson(parts) }] } }
  })
  const { caller } = await swarmOf({ amber: says('a'), birch: says('b') }, { agents: [lead] })
  const told: unknown[] = []
  for await (const event of caller.run('lead', 'go')) {
    if (event.type === 'result') told.push(event.task.artifacts[0]?.parts[0]?.data)
  }
  const [answers] = told
  expect(answers).toHaveLength(2)
  expect(answers).toEqual(
    expect.arrayContaining([
      { text: 'a', metadata: { node: 'amber' } },
      { text: 'b', metadata: { node: 'birch' } }
    ])
  )
})

test('a node that starts again goes on with its question', async () => {
  const home = testFolder()
  const peer = await startSecluded({
    name: 'amber',
    agents: [
      testAgent('quick', says('')),
      testAgent(
        'poll',
        async function* (request) {
          runs += 1
          if (runs === 1) yield* waits()(request)
          else yield 'again'
        },
        { idempotent: true }
      )
    ]
  })
  let runs = 0
  const other = await startSecluded({
    name: 'birch',
    bootstrap: [...peer.addresses()],
    agents: [testAgent('poll', says('once'), { idempotent: true })]
  })
  const bootstrap = [...peer.addresses(), ...other.addresses()]
  const first = await startSecluded({ name: 'caller', home, bootstrap })
  await vi.waitFor(async () => expect((await first.find('poll')).providers).toHaveLength(2), {
    timeout: 15_000,
    interval: 10
  })
  const taskId = crypto.randomUUID()
  const ensemble = { peers: 2, take: 'all' } as const
  for await (const event of first.run('poll', 'what?', { ensemble, taskId })) {
    if (event.type === 'artifact' && event.artifact.artifactId.startsWith('answer-')) break
  }
  await first.stop()
  const second = await startSecluded({ name: 'caller', home, bootstrap })
  const told = await ask(second, ensemble, { taskId })
  expect(told.answers).toEqual({ amber: 'again', birch: 'once' })
})
