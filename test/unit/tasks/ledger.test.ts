/** One list of what this node asked for and what it does for others, without telling a task twice. */
import { expect, onTestFinished, test } from 'vitest'
import { removeTask, retryTask } from '../../../node/operations/tasks.ts'
import { createLedger } from '../../../tasks/ledger.ts'
import { begin, briefly, startCaller, TASK } from '../../support/delegations.ts'
import { gated, say, setupEngine } from '../../support/tasks.ts'

const self = { id: 'self', name: 'amber-otter' }

async function setup() {
  const caller = await startCaller({ answers: [[begin('TASK_STATE_COMPLETED')]] })
  const agent = gated()
  const { engine, clock } = setupEngine({ agents: { gated: agent.agent } })
  await engine.start()
  onTestFinished(() => engine.stop())
  const { delegations } = caller
  const ledger = createLedger({ engine, delegations }, { self, nameOf: () => 'bob' })

  async function take(from: string): Promise<void> {
    await engine.submit(from, { taskId: TASK, agentId: 'gated', message: say('hi') })
    await clock.advance(0)
  }

  return { agent, caller, clock, ledger, take }
}

test('what this node asks of itself is one task, and forgetting it forgets it', async () => {
  const { caller, ledger, take } = await setup()
  await caller.ask()
  await caller.pass()
  await take(self.id)
  const { entries } = await ledger.list({ limit: 10 })
  expect(entries).toMatchObject([{ id: TASK, outgoing: true, state: 'TASK_STATE_COMPLETED' }])
  await caller.delegations.remove(TASK)
  await expect(ledger.find(TASK)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  expect((await ledger.list({ limit: 10 })).entries).toEqual([])
})

test('a task of a peer is the peer’s: here nobody removes it or asks for it again', async () => {
  const { agent, caller, clock, ledger, take } = await setup()
  await take('peer')
  agent.open()
  await clock.advance(0)
  const work = { delegations: caller.delegations, ledger }
  const notOurs = { code: 'TASK_NOT_OURS', details: { task: TASK, owner: 'bob' } }
  await expect(removeTask({ work }, TASK)).rejects.toMatchObject(notOurs)
  await expect(retryTask({ work }, TASK)).rejects.toMatchObject(notOurs)
  expect(await ledger.find(TASK)).toMatchObject({ outgoing: false })
  const unknown = removeTask({ work }, TASK.replace(/.$/, '0'))
  await expect(unknown).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
})

test('the story so far of a task that is worked on for a peer does not wait for its end', async () => {
  const { agent, clock, ledger, take } = await setup()
  await take('peer')
  const soFar = await Array.fromAsync(await ledger.watch(TASK, { follow: false }))
  expect(briefly(soFar)).toEqual(['accepted', 'TASK_STATE_WORKING'])
  agent.open()
  await clock.advance(0)
  const whole = await Array.fromAsync(await ledger.watch(TASK, { follow: false }))
  expect(briefly(whole)).toEqual(['accepted', 'TASK_STATE_WORKING', 'done', 'result'])
})
