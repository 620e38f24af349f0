/** A task whose worker dies in the midst of it: what does no harm goes on elsewhere, all else waits. */
import { expect, onTestFinished, test } from 'vitest'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import type { AgentName } from '../support/task-simulation/agents.ts'
import { WHOLE, textOfParts } from '../support/task-simulation/agents.ts'
import { World } from '../support/task-simulation/world.ts'

interface Setup {
  readonly agent: AgentName
  readonly workers?: number
}

/** Three workers; the one that has the task has said something of it already. */
async function setup({ agent, workers = 3 }: Setup) {
  const world = new World({ seed: 7, workers })
  onTestFinished(() => world.close())
  const [caller] = world.callers
  if (caller === undefined) throw new TypeError('no caller')
  world.start()
  await world.time.advance(1000)
  const id = world.ids()
  caller.wish({ id, agent })
  caller.follow(id)
  const events = () => caller.readings[0]?.seen ?? []
  const types = () => events().map(({ type }) => type)
  while (!types().includes('artifact')) await world.time.advance(20)
  const first = events().find((event) => event.type === 'routed')?.worker.name
  const worker = world.workers.find(({ machine }) => machine.name === first)
  const runs = () => world.agents.runs.get(`${caller.name}/${id}`)?.length
  const lastRun = () => world.agents.runs.get(`${caller.name}/${id}`)?.at(-1)
  const stored = async () => {
    const all = []
    for await (const event of caller.delegations?.watch(id, { follow: false }) ?? [])
      all.push(event)
    return all
  }
  return { world, worker, events, types, runs, lastRun, stored, first }
}

test('a harmless one is done by another worker within a second, whole, and readers are told', async () => {
  const { world, worker, types, stored, first, runs } = await setup({ agent: 'harmless' })
  worker?.machine.kill()
  await world.time.advance(1000)
  const restarted = (await stored()).find((event) => event.type === 'restarted')
  expect(restarted?.worker?.name).toMatch(/^worker/)
  expect(restarted?.worker?.name).not.toBe(first)
  await world.time.advance(10_000)
  expect(types().at(-1)).toBe('result')
  expect(types().filter((type) => type === 'result')).toHaveLength(1)
  const result = (await stored()).at(-1)
  if (result?.type !== 'result') throw new TypeError('no result')
  expect(result).toMatchObject({ state: 'TASK_STATE_COMPLETED', worker: restarted?.worker })
  expect(texts(await stored())).toEqual(WHOLE)
  expect(runs()).toBe(2)
})

test('a harmful one waits for its worker, whoever else is there', async () => {
  const { world, worker, types, runs } = await setup({ agent: 'harmful' })
  worker?.machine.kill()
  await world.time.advance(60_000)
  expect(types().at(-1)).toBe('waiting')
  expect(types()).not.toContain('restarted')
  expect(runs()).toBe(1)
})

test('with nobody else to ask, a harmless one waits for its worker, and goes on there', async () => {
  const { world, worker, types, events } = await setup({ agent: 'harmless', workers: 1 })
  worker?.machine.kill()
  await world.time.advance(600_000)
  expect(types().at(-1)).toBe('waiting')
  // An hour of this must not fill the disk.
  expect(types().length).toBeLessThan(60)
  worker?.start()
  await world.time.advance(60_000)
  expect(events().at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_COMPLETED' })
})

test('a caller that dies while it looks for another worker goes on with one of them', async () => {
  const { world, worker, stored } = await setup({ agent: 'harmless' })
  const [caller] = world.callers
  worker?.machine.kill()
  for (let step = 0; step < 40; step += 1) {
    await world.time.advance(40)
    const events = await stored()
    if (events.filter(({ type }) => type === 'routed').length > 1) break
  }
  caller?.machine.kill()
  await world.time.advance(1000)
  world.start()
  await world.time.advance(60_000)
  expect((await stored()).at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_COMPLETED' })
})

/** What the task has put out, whole. */
function texts(events: readonly DelegationEvent[]): Record<string, string> {
  const result = events.at(-1)
  if (result?.type !== 'result') return {}
  const told = result.artifacts.map((one) => [one.artifactId, textOfParts(one.parts)])
  return Object.fromEntries(told)
}

test('one that does no harm and goes on where it was goes on at another worker within a second', async () => {
  const { world, worker, types, stored, lastRun, runs } = await setup({ agent: 'careful' })
  worker?.machine.kill()
  await world.time.advance(1000)
  const told = await stored()
  const at = told.findIndex((event) => event.type === 'restarted')
  // What the first one had put out is there at once, from its caller.
  expect(told[at + 1]).toMatchObject({ type: 'status' })
  expect(told[at + 2]).toMatchObject({ type: 'artifact', append: false })
  await world.time.advance(10_000)
  expect(texts(await stored())).toEqual(WHOLE)
  expect([runs(), lastRun()]).toMatchObject([2, { resumed: true, elsewhere: true }])
  expect(types().filter((type) => type === 'result')).toHaveLength(1)
})

test('one that only goes on where it was waits for its worker, which may be at it yet', async () => {
  const { world, worker, types, runs, lastRun, stored } = await setup({ agent: 'resumable' })
  worker?.machine.kill()
  await world.time.advance(60_000)
  expect(types().at(-1)).toBe('waiting')
  expect(runs()).toBe(1)
  worker?.start()
  await world.time.advance(10_000)
  expect(texts(await stored())).toEqual(WHOLE)
  expect([runs(), lastRun()]).toMatchObject([2, { resumed: true, elsewhere: false }])
})

test('when its worker has lost it, one that only goes on where it was does so at another one', async () => {
  const { world, worker, first, runs, lastRun, stored } = await setup({ agent: 'resumable' })
  worker?.machine.kill()
  await world.time.advance(1000)
  worker?.machine.disk.replace()
  worker?.start()
  await world.time.advance(20_000)
  const told = await stored()
  expect(texts(told)).toEqual(WHOLE)
  expect([runs(), lastRun()]).toMatchObject([2, { resumed: true, elsewhere: true }])
  const restarted = told.find((event) => event.type === 'restarted')
  expect(restarted?.worker?.name).toMatch(/^worker/)
  expect(restarted?.worker?.name).not.toBe(first)
})

test('one that may do harm ends when its worker has lost it', async () => {
  const { world, worker, runs, stored } = await setup({ agent: 'harmful' })
  worker?.machine.kill()
  await world.time.advance(1000)
  worker?.machine.disk.replace()
  worker?.start()
  await world.time.advance(20_000)
  expect((await stored()).at(-1)).toMatchObject({ error: { code: 'WORKER_LOST' } })
  expect(runs()).toBe(1)
})
