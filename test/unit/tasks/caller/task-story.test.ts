import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { stamp } from '../../../../protocols/a2a/extensions.ts'
import { DelegationLog } from '../../../../tasks/caller/delegation-log.ts'
import type { Placement } from '../../../../tasks/caller/dispatcher.ts'
import { TaskStory } from '../../../../tasks/caller/task-story.ts'
import { TASK } from '../../../support/delegations.ts'
import { say } from '../../../support/tasks.ts'

function setup() {
  const log = new DelegationLog(
    { tell: () => Promise.resolve(), end: () => Promise.resolve() },
    { id: TASK, told: [], onBroken: () => {} }
  )
  const story = new TaskStory(log, {
    onStopped: () => {},
    taskId: TASK,
    message: say('hi'),
    elapsed: () => 0,
    told: []
  })
  const routed = (name: string): void => {
    const placement: Placement = {
      worker: { id: name, name },
      agentId: 'echo',
      path: 'direct',
      idempotent: true
    }
    story.routed({ type: 'routed', placement, candidates: 1, lookupMs: 0 })
  }
  const failed = (code: 'PEER_UNREACHABLE' | 'OVERLOADED', maybeTaken: boolean): void => {
    const details = code === 'OVERLOADED' ? { retryAfterMs: 1 } : { peer: 'a' }
    story.retry({ type: 'retry', error: new LumosError(code, { details }), maybeTaken })
  }
  async function types(): Promise<string[]> {
    await story.kept
    return Array.from(log.told(0), ({ type }) => type)
  }
  return { failed, routed, story, types }
}

test('a worker in doubt that cannot be reached for hours is told of once', async () => {
  const { failed, routed, story, types } = setup()
  routed('a')
  for (let round = 0; round < 100; round += 1) {
    failed('PEER_UNREACHABLE', true)
    routed('a')
  }
  expect(await types()).toEqual(['routed', 'retry'])
  expect(story.holder).toMatchObject({ worker: { id: 'a' } })
})

const WORKING = { state: 'TASK_STATE_WORKING', timestamp: new Date(0).toISOString() } as const
const LONG = 'x'.repeat(8 * 1024 * 1024)

test.each([
  ['status', { status: { ...WORKING, message: say(LONG) } }],
  ['artifacts', { status: WORKING, artifacts: [{ artifactId: 'a', description: LONG, parts: [] }] }]
])('all that a worker says counts, also in the %s of a whole task', async (_, part) => {
  const { routed, story } = setup()
  routed('a')
  const take = (seq: number): void => {
    const metadata = stamp({ attempt: 1, seq })
    story.take({ task: { id: TASK, contextId: 'c', metadata, ...part } })
  }
  for (let seq = 0; seq < 7; seq += 1) take(seq)
  expect(() => take(7)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }))
})

test('whatever changes what is known is told: another worker, another reason, no doubt any more', async () => {
  const { failed, routed, story, types } = setup()
  routed('a')
  failed('PEER_UNREACHABLE', true)
  routed('b')
  failed('PEER_UNREACHABLE', true)
  failed('OVERLOADED', false)
  routed('b')
  expect(await types()).toEqual(['routed', 'retry', 'routed', 'retry', 'retry', 'routed'])
  expect((story.known(false).inDoubt ?? []).map(({ worker }) => worker.id)).toEqual(['a', 'b'])
})
