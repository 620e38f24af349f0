/** How push notifications reach their receivers: in order, again and again until they are taken, each by itself. */
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { accepts, fails, hangs, HOOK, OTHER_HOOK, PushWorld } from '../../../support/pushes.ts'
import { settle, taskRecord, WHOLE_TASK } from '../../../support/pushes.ts'

async function setup() {
  const world = await PushWorld.start()
  onTestFinished(async () => {
    await world.push.stop()
    expect(world.clock.pending).toBeLessThanOrEqual(world.receivers.taken.length)
  })
  const task = taskRecord()
  return { world, task, clock: world.clock, receivers: world.receivers }
}

test('a receiver is told states and finished artifacts in order, each once, an artifact as a whole', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await world.status(task, 'TASK_STATE_WORKING')
  await world.text(task, 'one ', 'first')
  await settle()
  expect(receivers.told()).toEqual(WHOLE_TASK.slice(0, 2))
  await world.text(task, 'two', 'last')
  await world.status(task, 'TASK_STATE_COMPLETED')
  await settle()
  expect(receivers.told()).toEqual(WHOLE_TASK)
})

test('a config that comes late hears what follows, and of an ended task its end', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  await world.status(task, 'TASK_STATE_WORKING')
  await world.subscribe(task)
  await world.status(task, 'TASK_STATE_COMPLETED')
  await settle()
  expect(receivers.told()).toEqual(['1.2 completed'])
  await world.subscribe(task, { url: OTHER_HOOK })
  await settle()
  expect(receivers.told(OTHER_HOOK)).toEqual(['1.2 completed'])
})

test('a config that comes while the task waits for its caller hears the question', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  await world.status(task, 'TASK_STATE_INPUT_REQUIRED', { text: 'which?' })
  await world.subscribe(task)
  await settle()
  expect(receivers.told()).toEqual(['1.1 input_required'])
})

test('progress is told to a receiver that keeps up, and skipped for one that does not', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  receivers.answers.set(OTHER_HOOK, hangs)
  await world.subscribe(task)
  await world.subscribe(task, { url: OTHER_HOOK })
  for (const step of ['a', 'b', 'c']) {
    await world.status(task, 'TASK_STATE_WORKING', { text: step })
    await settle()
  }
  receivers.answers.delete(OTHER_HOOK)
  await world.clock.advance(LIMITS.pushTimeout.value + LIMITS.pushRetryFirst.value)
  await settle()
  expect(receivers.told()).toEqual(['1.1 working', '1.2 working', '1.3 working'])
  expect(receivers.told(OTHER_HOOK)).toEqual(['1.1 working', '1.3 working'])
})

test('a question of the agent is told, and a new attempt from its Task on', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  await world.subscribe(task)
  await world.status(task, 'TASK_STATE_WORKING')
  await world.status(task, 'TASK_STATE_INPUT_REQUIRED', { text: 'which?' })
  await settle()
  await world.accept(task, 2)
  await world.status(task, 'TASK_STATE_WORKING')
  await settle()
  expect(receivers.told()).toEqual([
    '1.1 working',
    '1.2 input_required',
    '2.0 task submitted',
    '2.1 working'
  ])
})

test('what is too large is told without its content, and says so', async () => {
  const { world, task, receivers } = await setup()
  const half = 'x'.repeat(LIMITS.pushBytes.value * 0.6)
  const large = { note: half + half }
  await world.accept(task, 1, { large })
  await world.subscribe(task, {}, true)
  await world.text(task, half, 'first')
  await world.text(task, half, 'last')
  await world.status(task, 'TASK_STATE_INPUT_REQUIRED', { text: half + half })
  await world.status(task, 'TASK_STATE_WORKING', { metadata: { large } })
  await settle()
  const ids = { contextId: 'context', taskId: task.id }
  const artifact = { artifactId: 'result', parts: [] }
  const bodies = receivers.taken.map(({ request }) => JSON.parse(request.body))
  expect(bodies).toEqual([
    { task: { id: task.id, contextId: 'context', status: state('SUBMITTED'), metadata: mark(0) } },
    { artifactUpdate: { ...ids, artifact, lastChunk: true, metadata: mark(2) } },
    { statusUpdate: { ...ids, status: state('INPUT_REQUIRED'), metadata: mark(3) } },
    { statusUpdate: { ...ids, status: state('WORKING'), metadata: mark(4) } }
  ])
})

function state(name: string) {
  return { state: `TASK_STATE_${name}` }
}

function mark(seq: number) {
  return {
    'urn:lumos:a2a:ext:events:1': { attempt: 1, seq },
    'urn:lumos:a2a:ext:push:1': { incomplete: true }
  }
}

test('a request says who sends it: media type, signature, token and credentials', async () => {
  const { world, task, receivers } = await setup()
  await world.accept(task)
  const authentication = { scheme: 'Bearer', credentials: 'abc' }
  await world.subscribe(task, { id: 'hook', token: 'tok', authentication }, true)
  await settle()
  expect(receivers.taken[0]?.request).toMatchObject({
    url: HOOK,
    headers: {
      'Content-Type': 'application/a2a+json',
      'Lumos-Notification-Signature': `signed ${task.id}/hook/1.0 for ${HOOK}`
    },
    credentials: { 'X-A2A-Notification-Token': 'tok', Authorization: 'Bearer abc' }
  })
})

test('a receiver that fails gets the same notification again until it takes it, and nothing overtakes', async () => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, fails())
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await world.status(task, 'TASK_STATE_WORKING')
  await clock.advance(60_000)
  receivers.answers.set(HOOK, accepts)
  await clock.advance(LIMITS.pushRetryMost.value)
  await settle()
  const told = receivers.told()
  const ids = receivers.taken.map(({ request }) => request.headers['Lumos-Notification-Signature'])
  expect(told.length).toBeGreaterThan(4)
  expect(told.slice(0, -1)).toEqual(told.slice(0, -1).map(() => '1.0 task submitted'))
  expect(told.at(-1)).toBe('1.1 working')
  expect(new Set(ids).size).toBe(2)
})

test('a receiver that fails is asked after random waits, whose bound doubles up to its most', async () => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, fails())
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await settle()
  await clock.advance(6 * 3_600_000)
  const times = receivers.taken.map(({ at }) => at)
  const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0))
  for (const [index, wait] of waits.entries()) {
    const bound = Math.min(LIMITS.pushRetryMost.value, LIMITS.pushRetryFirst.value * 2 ** index)
    expect(wait).toBeLessThanOrEqual(bound)
  }
  const late = waits.slice(9)
  expect(Math.max(...late)).toBeGreaterThan(LIMITS.pushRetryMost.value * 0.8)
  expect(Math.min(...late)).toBeLessThan(LIMITS.pushRetryMost.value * 0.2)
})

test.for([
  [30_000, 30_000],
  [86_400_000, LIMITS.pushRetryAfter.value]
])('a receiver that asks for %s ms is left alone for %s', async ([retryAfterMs = 0, wait = 0]) => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, fails({ retryAfterMs }))
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await settle()
  await clock.advance(wait - 1)
  expect(receivers.taken).toHaveLength(1)
  await clock.advance(1)
  await settle()
  expect(receivers.taken).toHaveLength(2)
})

test('a receiver that fails by hanging is cut off in time, and delays no other', async () => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, hangs)
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await world.subscribe(task, { url: OTHER_HOOK }, true)
  await world.status(task, 'TASK_STATE_COMPLETED')
  await settle()
  expect(receivers.told(OTHER_HOOK)).toEqual(['1.0 task submitted', '1.1 completed'])
  await clock.advance(LIMITS.pushTimeout.value - 1)
  expect(receivers.told()).toHaveLength(1)
  await clock.advance(1 + LIMITS.pushRetryFirst.value)
  expect(receivers.told()).toHaveLength(2)
})

test('a receiver that fails for a day is given up, and its config dropped', async () => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, fails())
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await clock.advance(LIMITS.pushGiveUp.value - 1)
  await settle()
  expect((await world.push.list(task)).configs).toHaveLength(1)
  await clock.advance(LIMITS.pushRetryMost.value + 1)
  await settle()
  expect((await world.push.list(task)).configs).toEqual([])
  const { length } = receivers.taken
  await world.status(task, 'TASK_STATE_COMPLETED')
  await clock.advance(3_600_000)
  expect(receivers.taken).toHaveLength(length)
})

test('a receiver that fails with 410 wants nothing any more', async () => {
  const { world, task, clock, receivers } = await setup()
  receivers.answers.set(HOOK, () => ({ kind: 'gone' }))
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await settle()
  await world.status(task, 'TASK_STATE_COMPLETED')
  await clock.advance(3_600_000)
  expect(receivers.taken).toHaveLength(1)
  expect((await world.push.list(task)).configs).toEqual([])
})

test('a receiver that fails leaves half of the places to those that do not', async () => {
  const { world, clock, receivers } = await setup()
  const many = LIMITS.pushesInFlight.value
  for (let number = 1; number <= many; number += 1) {
    const url = `https://h${number}.example.org/`
    receivers.answers.set(url, hangs)
    const task = taskRecord(number)
    await world.accept(task)
    await world.subscribe(task, { url }, true)
  }
  await settle()
  expect(receivers.taken).toHaveLength(many)
  await clock.advance(LIMITS.pushTimeout.value + LIMITS.pushRetryFirst.value)
  await settle()
  expect(receivers.taken).toHaveLength(many * 1.5)
  const task = taskRecord(many + 1)
  await world.accept(task)
  await world.subscribe(task, {}, true)
  await settle()
  expect(receivers.told()).toEqual(['1.0 task submitted'])
})

test('the places of one receiver are bounded, so that its tasks cannot take all', async () => {
  const { world, receivers } = await setup()
  receivers.answers.set(HOOK, hangs)
  for (let number = 1; number <= LIMITS.pushesPerReceiver.value + 3; number += 1) {
    const task = taskRecord(number)
    await world.accept(task)
    await world.subscribe(task, {}, true)
  }
  await settle()
  expect(receivers.taken).toHaveLength(LIMITS.pushesPerReceiver.value)
})

test('a receiver that is down is asked by one notification at a time', async () => {
  const { world, clock, receivers } = await setup()
  let asking = 0
  let most = 0
  receivers.answers.set(HOOK, async (request, signal) => {
    asking += 1
    const { length } = receivers.taken
    if (length > 6) most = Math.max(most, asking)
    const receipt = length > 6 ? await hangs(request, signal) : await fails()(request, signal)
    asking -= 1
    return receipt
  })
  for (let number = 1; number <= 6; number += 1) {
    const task = taskRecord(number)
    await world.accept(task)
    await world.subscribe(task, {}, true)
  }
  await settle()
  await clock.advance(600_000)
  expect(receivers.taken.length).toBeGreaterThan(12)
  expect(most).toBe(1)
})

test('no secret gets into the log, whatever happens', async () => {
  const { world, task, clock, receivers } = await setup()
  await world.accept(task)
  const authentication = { scheme: 'Bearer', credentials: 'canary-1' }
  await world.subscribe(task, { token: 'canary-2', authentication, id: 'canary-3' }, true)
  receivers.answers.set(HOOK, fails())
  await clock.advance(LIMITS.pushGiveUp.value + 3_600_000)
  await settle()
  await world.subscribe(task, { token: 'canary-2', authentication }, true)
  receivers.answers.set(HOOK, () => ({ kind: 'gone' }))
  await clock.advance(3_600_000)
  expect(world.logged.map(({ message }) => message)).toContain(
    'a receiver of push notifications was given up'
  )
  expect(JSON.stringify(world.logged)).not.toMatch(/canary|secret|path/)
})
