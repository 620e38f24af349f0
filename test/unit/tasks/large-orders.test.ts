/** Orders with much in them: bounded together, and known at once. */
import { expect, test } from 'vitest'
import { gated, say, setupEngine } from '../../support/tasks.ts'
import type { EngineSetup } from '../../support/tasks.ts'

const CALLER = 'caller'

function setup(given: EngineSetup = {}) {
  const { engine } = setupEngine(given)
  function submit(text: string, more: { taskId?: string } = {}) {
    return engine.submit(CALLER, { agentId: 'echo', message: say(text), ...more })
  }
  return { engine, submit }
}

test('what the tasks of one peer hold in memory is limited until they end', async () => {
  const { agent, open } = gated()
  const { engine, submit } = setup({
    agents: { echo: agent },
    init: { heldBytesPerPeer: () => 10_000 }
  })
  const large = 'x'.repeat(6000)
  const { settled } = await submit(large)
  await expect(submit(large)).rejects.toMatchObject({ code: 'OVERLOADED' })
  await submit('small')
  await engine.submit('another', { agentId: 'echo', message: say(large) })
  open()
  await settled
  await submit(large)
})

test('a task that was refused holds nothing', async () => {
  const { submit } = setup({
    agents: { echo: gated().agent },
    init: { heldBytesPerPeer: () => 10_000, admission: { perPeer: () => 0 } }
  })
  const large = 'x'.repeat(6000)
  for (let round = 0; round < 3; round += 1) {
    await expect(submit(large)).rejects.toMatchObject({ details: { retryAfterMs: 50 } })
  }
})

test('a large order is known from the moment in which it comes', async () => {
  const { engine, submit } = setup()
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  const submitted = submit('x'.repeat(2_000_000), { taskId: id })
  const { view } = await engine.open({ caller: CALLER, id })
  expect(view).toBe((await submitted).view)
})
