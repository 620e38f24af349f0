/** A question of an agent to the swarm is a task of its node, which lives as long as the run that asks. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createSwarmAsking } from '../../../node/asking.ts'
import type { Delegations } from '../../../tasks/caller/delegations.ts'
import { begin, finish, piece, position, TASK, TestCaller } from '../../support/delegations.ts'
import type { Answer } from '../../support/delegations.ts'

const PARENT = '01890a5d-ac96-774b-bcce-000000000000'

function bound(delegations: Delegations): Pick<Delegations, 'watch' | 'cancel'> {
  return {
    watch: (id, options) => delegations.watch(id, options),
    cancel: (id) => delegations.cancel(id)
  }
}

/** A run that asks under the id of which the scripted worker speaks. */
async function setup(answer: Answer, { starts = true } = {}) {
  const caller = new TestCaller({ answers: [answer] })
  await caller.delegations.start()
  onTestFinished(() => caller.delegations.stop())
  const { delegations } = caller
  const delegate = vi.fn<Delegations['delegate']>((request) =>
    delegations.delegate({ ...request, taskId: TASK })
  )
  const { watch, cancel } = bound(delegations)
  const asking = createSwarmAsking(() => ({
    ids: () => 'm',
    delegations: { delegate, watch, cancel }
  }))
  if (starts) await asking.start()
  const run = new AbortController()
  const heartbeat = vi.fn<() => void>()
  const told: unknown[] = []
  const answered = asking.ask({
    target: 'echo',
    parts: [{ text: 'hi' }],
    parent: PARENT,
    contextId: 'c',
    depth: 3,
    timeoutMs: () => 10_000,
    signal: run.signal,
    heartbeat,
    onText: (text) => void told.push(text),
    onEvent: (event) => void told.push(event)
  })
  const settled = vi.fn<(outcome: unknown) => void>()
  void answered.then(settled, settled)
  await caller.pass()
  return { caller, asking, run, heartbeat, settled, delegate, told }
}

test('the result is what was asked for, and each event a sign of life', async () => {
  const { settled, heartbeat, caller } = await setup([
    begin(),
    piece('near', position(1)),
    piece(' and far', position(2)),
    finish(position(3))
  ])
  expect(settled).toHaveBeenCalledWith([{ text: 'near and far' }])
  expect(heartbeat.mock.calls.length).toBeGreaterThan(3)
  expect(caller.worker.cancelled).toEqual([])
})

test('who answers and what it says is told as it comes, and no piece twice', async () => {
  const { told } = await setup([
    begin(),
    piece('near', position(1)),
    piece(' and far', position(2)),
    finish(position(3))
  ])
  expect(told).toEqual([
    { type: 'routed', agent: 'echo', node: { id: expect.any(String), name: expect.any(String) } },
    'near',
    ' and far'
  ])
})

test('it carries its parent, its depth and the time that is left', async () => {
  const { delegate } = await setup([begin(), finish(position(1))])
  expect(delegate.mock.calls[0]?.[0]).toMatchObject({
    parent: PARENT,
    depth: 3,
    timeoutMs: 10_000,
    message: { contextId: 'c', parts: [{ text: 'hi' }] }
  })
})

test('a failure is the failure of the question', async () => {
  const { settled } = await setup([begin(), finish(position(1), 'TASK_STATE_REJECTED')])
  expect(settled).toHaveBeenCalledWith(expect.objectContaining({ code: 'TASK_REFUSED' }))
})

test('one that asks back is stopped: nobody here could answer', async () => {
  const { settled, caller } = await setup([begin('TASK_STATE_INPUT_REQUIRED')])
  await caller.pass()
  expect(settled).toHaveBeenCalledWith(expect.objectContaining({ code: 'AGENT_FAILED' }))
  expect(caller.worker.cancelled).toHaveLength(1)
})

test('the end of the run that asks is the end of the question', async () => {
  const { settled, caller, run } = await setup([begin()])
  expect(settled).not.toHaveBeenCalled()
  const reason = new LumosError('CANCELLED')
  run.abort(reason)
  await caller.pass()
  expect(settled).toHaveBeenCalledWith(reason)
  expect(caller.worker.cancelled).toHaveLength(1)
})

test('a question waits until its node delegates', async () => {
  const { settled, caller, asking } = await setup([begin(), finish(position(1))], {
    starts: false
  })
  expect(caller.worker.sent).toEqual([])
  await asking.start()
  await caller.pass()
  expect(settled).toHaveBeenCalledWith([])
})

test('that the node stops is no answer, but the end of the run', async () => {
  const { settled, caller, asking, run } = await setup([begin()])
  await asking.stop()
  await caller.delegations.stop()
  await caller.pass()
  expect(settled).not.toHaveBeenCalled()
  const reason = new LumosError('SHUTTING_DOWN')
  run.abort(reason)
  await caller.pass()
  expect(settled).toHaveBeenCalledWith(reason)
})
