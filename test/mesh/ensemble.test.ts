/** One question to several real nodes: what is made of their answers, also when one dies, lies or is slow. */
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AgentDefinition } from '../../agents/agent.ts'
import type { RunEvent } from '../../client/api.ts'
import { ensembleReportOf } from '../../core/ensemble.ts'
import type { EnsembleReport } from '../../core/ensemble.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode, NodeOptions, RunOptions } from '../../node/create-node.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { testFolder } from '../support/started-nodes.ts'

type Behaviour = AgentDefinition['run']

async function start(options: Partial<NodeOptions>): Promise<LumosNode> {
  const node = await createNode({
    home: testFolder(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    swarmKey: '0123456789abcdef'.repeat(4),
    builtin: { enabled: [] },
    ...options
  })
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

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
      return start({ name, agents: [testAgent('poll', run, { idempotent: true })] })
    })
  )
  const bootstrap = nodes.flatMap((node) => node.addresses())
  const caller = await start({ name: 'caller', bootstrap, ...more })
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
