/** A listener that goes away stops its task only when it was told to. */
import { expect, onTestFinished, test } from 'vitest'
import type { RunRequest } from '../../../client/api.ts'
import { LumosError } from '../../../core/errors.ts'
import { runTask } from '../../../node/operations/tasks.ts'
import type { ChoosePeer } from '../../../routing/choose-peer.ts'
import { begin, finish, position, TASK, TestCaller } from '../../support/delegations.ts'
import type { Answer } from '../../support/delegations.ts'

async function setup(answer: Answer = [begin()], choosePeer: ChoosePeer = async () => undefined) {
  const caller = new TestCaller({ answers: [answer] })
  await caller.delegations.start()
  onTestFinished(() => caller.delegations.stop())
  const listening = new AbortController()

  /** Reads until the story or the listener ends. */
  function listen(more: Partial<RunRequest> = {}) {
    const { delegations } = caller
    const request = { target: 'echo', text: 'hi', taskId: TASK, ...more }
    const work = { delegations, choosePeer, ids: () => TASK }
    const events = runTask({ work }, request, { signal: listening.signal })
    const types: string[] = []
    const read = async (): Promise<string[]> => {
      for await (const event of events) types.push(event.type)
      return types
    }
    return read().catch(() => types)
  }

  return { caller, listen, leave: (reason?: unknown) => listening.abort(reason) }
}

test('a lost listener leaves the task running', async () => {
  const { caller, listen, leave } = await setup()
  const reading = listen()
  await caller.pass()
  leave()
  await reading
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([])
})

test('a lost listener stops the task when it asked for that', async () => {
  const { caller, listen, leave } = await setup()
  const reading = listen({ cancelOnDisconnect: true })
  await caller.pass()
  leave()
  await reading
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a listener that goes before the order is on disk stops the task, too', async () => {
  const { caller, listen, leave } = await setup()
  const reading = listen({ cancelOnDisconnect: true })
  leave()
  await caller.pass()
  await reading
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([TASK])
})

test('a node that stops has lost no listener', async () => {
  const { caller, listen, leave } = await setup()
  const reading = listen({ cancelOnDisconnect: true })
  await caller.pass()
  leave(new LumosError('SHUTTING_DOWN'))
  await reading
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([])
})

test('the end of a story is no lost listener', async () => {
  const { caller, listen, leave } = await setup([begin(), finish(position(1))])
  expect((await listen({ cancelOnDisconnect: true })).at(-1)).toBe('result')
  leave()
  await caller.pass()
  expect(caller.worker.cancelled).toEqual([])
})

test('with detach, the story ends when the order is on disk', async () => {
  const { caller, listen } = await setup()
  expect(await listen({ detach: true })).toEqual(['accepted'])
  await caller.pass()
  expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_WORKING' })
})
