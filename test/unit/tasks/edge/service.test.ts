/** Resubscription over the edge: behind the last update that a reader holds, whatever became of the task. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { Position } from '../../../../protocols/a2a/extensions.ts'
import type { DelegationEvent } from '../../../../tasks/caller/delegation-events.ts'
import type { EdgeView } from '../../../../tasks/edge/story.ts'
import { createEdgePush } from '../../../../tasks/edge/push.ts'
import { createEdgeService } from '../../../../tasks/edge/service.ts'
import { piece, VIEW, WORKER } from '../../../support/edge.ts'

const ERROR = { code: 'TASK_FAILED', message: 'it failed', details: { task: 'task' } }

const FAILED: EdgeView = { ...VIEW, state: 'TASK_STATE_FAILED', tookMs: 5, error: ERROR }

const STORY: readonly DelegationEvent[] = [
  piece('void'),
  { type: 'restarted', attempt: 2, atMs: 2 },
  piece('one '),
  piece('two'),
  {
    type: 'result',
    taskId: 'task',
    state: 'TASK_STATE_FAILED',
    artifacts: [],
    worker: WORKER,
    tookMs: 5,
    firstEventMs: 1,
    error: ERROR
  }
]

/** A task that is read from the disk, as the outbox reads it. */
async function* watch(
  _: string,
  { from = 0 }: { readonly from?: number } = {}
): AsyncIterable<DelegationEvent> {
  yield* STORY.slice(from)
  if (from >= STORY.length) throw new LumosError('TASK_FAILED', { details: ERROR.details })
}

function unused(): never {
  throw new Error('not asked for here')
}

function setup() {
  return createEdgeService({
    delegations: {
      find: async () => FAILED,
      watch,
      answer: unused,
      cancel: unused,
      delegate: unused,
      listEdge: unused,
      remove: unused
    },
    card: async () => undefined,
    push: createEdgePush({ delegations: { find: async () => FAILED, watch }, push: undefined })
  })
}

/** What a reader that holds `after` is told, each with its place. */
async function toldBehind(after: Position) {
  const told: [place: string, words: string][] = []
  let place = ''
  const options = {
    owner: 'http:a',
    signal: new AbortController().signal,
    after,
    onPlace: ({ attempt, seq }: Position) => (place = `${attempt}.${seq}`)
  }
  for await (const update of setup().subscribeToTask({ id: 'task' }, options)) {
    const { task, artifactUpdate, statusUpdate } = update
    const parts = (task?.artifacts?.[0] ?? artifactUpdate?.artifact)?.parts ?? []
    told.push([place, parts[0]?.text ?? statusUpdate?.status.state ?? 'task'])
  }
  return told
}

test('who holds a part is told the rest of it, to its end', async () => {
  expect(await toldBehind({ attempt: 2, seq: 1 })).toEqual([
    ['2.1', 'task'],
    ['2.2', 'two'],
    ['2.3', 'TASK_STATE_FAILED']
  ])
})

test('who holds everything is told that this is all', async () => {
  expect(await toldBehind({ attempt: 2, seq: 3 })).toEqual([['2.3', 'task']])
})

test('who holds what counts no more is told the whole task', async () => {
  expect(await toldBehind({ attempt: 1, seq: 1 })).toEqual([['2.3', 'one two']])
})

test('another owner is told that there is no such task', async () => {
  const options = { owner: 'http:b', signal: new AbortController().signal }
  await expect(setup().getTask({ id: 'task' }, options)).rejects.toMatchObject({
    code: 'TASK_NOT_FOUND'
  })
})
