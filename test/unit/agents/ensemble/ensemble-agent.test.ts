/** What an ensemble does with peers that a test answers for. */
import { expect, test, vi } from 'vitest'
import type { AgentOutput, AgentRequest } from '../../../../agents/agent.ts'
import { createEnsembleAgent } from '../../../../agents/ensemble/ensemble-agent.ts'
import type { PeerQuestion, PeerWish } from '../../../../agents/ensemble/ensemble-swarm.ts'
import type { Artifact } from '../../../../core/a2a.ts'
import { ensembleMetadata, ensembleReportOf } from '../../../../core/ensemble.ts'
import type { EnsembleReport, EnsembleTake } from '../../../../core/ensemble.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { PATIENCE } from '../../../support/patience.ts'

interface Asked extends PeerQuestion {
  readonly answer: (text: string) => void
  readonly fail: (error: LumosError) => void
}

interface SetupInit {
  readonly names?: readonly string[]
  readonly take?: EnsembleTake
  readonly peers?: number
  readonly idempotent?: boolean
  readonly request?: Partial<AgentRequest>
}

function resultWith(text: string): readonly Artifact[] {
  return [{ artifactId: 'result', parts: [{ text }] }]
}

function setup({
  names = ['a', 'b', 'c'],
  take = 'first',
  peers = 3,
  idempotent = true,
  request = {}
}: SetupInit = {}) {
  const clock = new ManualClock()
  const asked = new Map<string, Asked>()
  const swarm = {
    async choose({ exclude }: PeerWish) {
      const name = names.find((one) => !exclude.includes(one))
      if (name === undefined) return undefined
      return { node: { id: name, name }, agent: 'poll', idempotent }
    },
    ask(question: PeerQuestion) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Artifact[]>()
      question.signal.addEventListener('abort', () => reject(question.signal.reason))
      asked.set(question.peer.node.name, {
        ...question,
        answer: (text) => resolve(resultWith(text)),
        fail: reject
      })
      question.onEvent({ type: 'asked', task: `task-of-${question.peer.node.name}` })
      return promise
    }
  }
  const agent = createEnsembleAgent({ clock, random: seededRandom(1), swarm }, { self: 'self' })
  const metadata = ensembleMetadata({ target: 'poll', where: 'any', peers, take, judge: 'judge' })
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: '?' }], metadata } as const
  const ended = new AbortController()
  const said: AgentOutput[] = []
  const outcome = vi.fn<(error?: unknown) => void>()
  const given = agentRequest('?', { caller: 'self', message, signal: ended.signal, ...request })

  async function run(): Promise<void> {
    for await (const output of agent.run(given)) said.push(output)
  }

  const artifacts = (): Artifact[] =>
    said.flatMap((output) =>
      typeof output === 'object' && output.type === 'artifact'
        ? [{ artifactId: '', ...output.artifact }]
        : []
    )
  const reports = (): EnsembleReport[] =>
    artifacts().flatMap((artifact) => ensembleReportOf(artifact) ?? [])
  const find = (id: string): string | undefined =>
    artifacts().findLast(({ artifactId }) => artifactId === id)?.parts[0]?.text
  const states = (): string =>
    (reports().at(-1)?.members ?? []).map(({ node, state }) => `${node.name} ${state}`).join(', ')
  const settle = (): Promise<void> => clock.advance(0)
  run().then(() => outcome(), outcome)
  return { clock, asked, ended, said, outcome, artifacts, reports, find, states, settle }
}

async function begun(init: SetupInit = {}) {
  const all = setup(init)
  await all.settle()
  return all
}

test('who is asked is told before anybody is asked', async () => {
  const { asked, reports, artifacts } = await begun()
  expect([...asked.keys()]).toEqual(['a', 'b', 'c'])
  expect(reports()[0]?.members.map(({ task }) => task)).toEqual([undefined, undefined, undefined])
  expect(artifacts()).toHaveLength(1)
})

test('each peer gets the question with a parent, its depth and a little less time', async () => {
  const { asked } = await begun({ request: { depth: 2, remainingMs: () => 1000 } })
  expect(asked.get('a')).toMatchObject({
    parent: 'task',
    contextId: 'context',
    depth: 3,
    parts: [{ text: '?' }]
  })
  expect(asked.get('a')?.timeoutMs()).toBe(1000 - LIMITS.hopMargin.value)
})

test('a judge has a quarter of the time left', async () => {
  const { asked } = await begun({ take: 'best', request: { remainingMs: () => 1000 } })
  expect(asked.get('a')?.timeoutMs()).toBe(750 - LIMITS.hopMargin.value)
})

test('the first answer ends it for the others', async () => {
  const { asked, settle, find, states, outcome } = await begun()
  asked.get('b')?.answer('B')
  await settle()
  expect(find('result')).toBe('B')
  expect(states()).toBe('a dismissed, b answered, c dismissed')
  expect(asked.get('a')?.signal.aborted).toBe(true)
  expect(outcome).toHaveBeenCalledWith()
})

test('a failure is no answer; when all fail, that is the end', async () => {
  const { asked, settle, outcome, states } = await begun({ peers: 2, names: ['a', 'b'] })
  for (const name of ['a', 'b']) {
    asked.get(name)?.onEvent({ type: 'taken' })
    asked.get(name)?.fail(new LumosError('AGENT_FAILED'))
  }
  await settle()
  expect(states()).toBe('a failed, b failed')
  expect(outcome).toHaveBeenCalledWith(
    expect.objectContaining({
      code: 'ENSEMBLE_FAILED',
      details: { asked: 2, last: 'AGENT_FAILED' }
    })
  )
})

test('all waits for all, and what came counts when some fail', async () => {
  const { asked, settle, find, outcome, states } = await begun({ take: 'all' })
  asked.get('c')?.answer('C')
  asked.get('a')?.onEvent({ type: 'taken' })
  asked.get('a')?.fail(new LumosError('AGENT_FAILED'))
  await settle()
  expect(outcome).not.toHaveBeenCalled()
  asked.get('b')?.answer('B')
  await settle()
  expect([find('answer-1'), find('answer-2'), find('answer-3')]).toEqual([undefined, 'B', 'C'])
  expect(states()).toBe('a failed, b answered, c answered')
  expect(outcome).toHaveBeenCalledWith()
})

test('a majority that cannot come about any more ends it', async () => {
  const { asked, settle, outcome, states } = await begun({
    take: 'majority',
    peers: 4,
    names: ['a', 'b', 'c', 'd']
  })
  asked.get('a')?.answer('1')
  await settle()
  asked.get('b')?.answer('2')
  await settle()
  expect(outcome).not.toHaveBeenCalled()
  asked.get('c')?.answer('3')
  await settle()
  expect(states()).toMatch(/d dismissed$/)
  expect(outcome).toHaveBeenCalledWith(
    expect.objectContaining({
      code: 'ENSEMBLE_UNDECIDED',
      details: { asked: 4, needed: 3, votes: 1 }
    })
  )
})

test('one peer alone is no majority', async () => {
  const { outcome } = await begun({ take: 'majority', names: ['a'] })
  expect(outcome).toHaveBeenCalledWith(
    expect.objectContaining({
      code: 'ENSEMBLE_UNDECIDED',
      details: { asked: 1, needed: 2, votes: 0 }
    })
  )
})

test('who refuses is replaced at once by one that was not asked, and never by one that was', async () => {
  const { asked, settle, states, find } = await begun({ peers: 2 })
  const error = new LumosError('OVERLOADED')
  asked.get('a')?.onEvent({ type: 'refused', error })
  asked.get('b')?.onEvent({ type: 'refused', error })
  await settle()
  expect([...asked.keys()]).toEqual(['a', 'b', 'c'])
  expect(states()).toBe('a replaced, b asked, c asked')
  asked.get('b')?.answer('late')
  await settle()
  expect(find('result')).toBe('late')
})

test('who refuses and nobody is left in its place is waited for a while', async () => {
  const { asked, settle, clock, outcome } = await begun({ peers: 2, names: ['a'], take: 'all' })
  asked.get('a')?.onEvent({ type: 'refused', error: new LumosError('OVERLOADED') })
  await settle()
  await clock.advance(LIMITS.ensemblePatience.value - 1)
  expect(outcome).not.toHaveBeenCalled()
  await clock.advance(1)
  expect(outcome).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'ENSEMBLE_FAILED', details: { asked: 1, last: 'OVERLOADED' } })
  )
})

test.for([
  [true, 'a replaced, b asked, c asked'],
  [false, 'a asked, b asked']
] as const)(
  'one that is lost at work is replaced when it is harmless (%s)',
  async ([idempotent, is]) => {
    const { asked, clock, states } = await begun({ peers: 2, idempotent })
    asked.get('a')?.onEvent({ type: 'taken' })
    asked.get('a')?.onEvent({ type: 'away', error: new LumosError('SESSION_CLOSED') })
    await clock.advance(LIMITS.failoverGrace.value)
    expect(states()).toBe(is)
  }
)

test('one that is back in time goes on', async () => {
  const { asked, clock, states } = await begun({ peers: 2 })
  asked.get('a')?.onEvent({ type: 'away', error: new LumosError('SESSION_CLOSED') })
  await clock.advance(LIMITS.failoverGrace.value - 1)
  asked.get('a')?.onEvent({ type: 'heard' })
  await clock.advance(LIMITS.ensemblePatience.value * 2)
  expect(states()).toBe('a asked, b asked')
})

test('who ends the ensemble ends all questions', async () => {
  const { asked, ended, settle, outcome } = await begun()
  const reason = new LumosError('CANCELLED')
  ended.abort(reason)
  await settle()
  expect(outcome).toHaveBeenCalledWith(reason)
  expect([...asked.values()].map(({ signal }) => signal.aborted)).toEqual([true, true, true])
})

test('answers that are too large together count as failed', async () => {
  const { asked, settle, states } = await begun({ take: 'all', peers: 2 })
  asked.get('a')?.answer('x'.repeat(LIMITS.ensembleBytes.value - 100))
  await settle()
  asked.get('b')?.answer('y'.repeat(100))
  await settle()
  expect(states()).toBe('a answered, b failed')
})

test('a judge that lies is fallen back from, and the report says so', async () => {
  const ask = vi.fn<AgentRequest['ask']>(async () => [{ text: '{"choice": 99}' }])
  const { asked, settle, find, reports, outcome } = await begun({
    take: 'best',
    request: { ask }
  })
  asked.get('a')?.answer('x')
  await settle()
  for (const name of ['b', 'c']) asked.get(name)?.answer('y')
  await vi.waitFor(() => expect(outcome).toHaveBeenCalled(), PATIENCE)
  expect(ask).toHaveBeenCalledTimes(2)
  expect(find('result')).toBe('y')
  expect(reports().at(-1)?.outcome).toEqual({
    answer: 2,
    votes: 2,
    judge: 'judge',
    fallback: true,
    reason: expect.stringContaining('no valid choice')
  })
})

test('equal answers need no judge', async () => {
  const ask = vi.fn<AgentRequest['ask']>()
  const { asked, settle, find } = await begun({ take: 'best', request: { ask } })
  for (const name of ['a', 'b', 'c']) asked.get(name)?.answer('same')
  await settle()
  expect(find('result')).toBe('same')
  expect(ask).not.toHaveBeenCalled()
})

test.for([
  [true, 'a answered, b asked, c asked', ['b', 'c']],
  [false, 'a answered, b failed, c failed', []]
] as const)(
  'after an interruption answers count, and harmless ones are asked anew (%s)',
  async ([idempotent, states, names]) => {
    const before = await begun({ take: 'all', idempotent })
    before.asked.get('a')?.answer('A')
    await before.settle()
    const events = before.artifacts().map((artifact) => ({
      artifactUpdate: { taskId: 'task', contextId: 'context', artifact }
    }))
    const resumed = { attempt: 1, events }
    const after = await begun({ take: 'all', idempotent, request: { resumed } })
    expect(after.states()).toBe(states)
    expect([...after.asked.keys()]).toEqual(names)
    for (const name of names) after.asked.get(name)?.answer(name)
    await after.settle()
    expect(after.outcome).toHaveBeenCalledWith()
  }
)

test('only its own node may ask it', async () => {
  const { outcome, asked } = await begun({ request: { caller: 'stranger' } })
  expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: 'AGENT_UNKNOWN' }))
  expect(asked.size).toBe(0)
})
