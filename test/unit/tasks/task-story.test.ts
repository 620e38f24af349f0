import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { DelegationLog } from '../../../tasks/delegation-log.ts'
import type { Placement } from '../../../tasks/dispatcher.ts'
import { TaskStory } from '../../../tasks/task-story.ts'
import { TASK } from '../../support/delegations.ts'
import { say } from '../../support/tasks.ts'

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
