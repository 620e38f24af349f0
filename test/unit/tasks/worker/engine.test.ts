import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { errorOf, positionOf } from '../../../../protocols/a2a/extensions.ts'
import { COLLECT_INTERVAL_MS } from '../../../../tasks/worker/engine.ts'
import { collect, echo, gated, say, setupEngine } from '../../../support/tasks.ts'
import type { EngineSetup, TestAgent } from '../../../support/tasks.ts'

const CALLER = 'caller'

function setup(given: EngineSetup = {}) {
  const { clock, engine, ids } = setupEngine(given)
  function submit(text: string, more: { taskId?: string; deadlineMs?: number } = {}) {
    return engine.submit(CALLER, { agentId: 'echo', message: say(text), ...more })
  }
  return { clock, engine, ids, submit }
}

async function* hang(): AsyncIterable<string> {
  await new Promise(() => {})
  yield 'never'
}

test('a task goes from submitted through working to completed, its events numbered from 0', async () => {
  const { submit } = setup({ traits: { idempotent: false } })
  const { view, settled } = await submit('hello')
  await settled
  const events = await collect(view.events())
  expect(events.map(({ attempt, seq }) => [attempt, seq])).toEqual([
    [1, 0],
    [1, 1],
    [1, 2],
    [1, 3]
  ])
  expect(events.map(({ update }) => positionOf(update))).toEqual(
    events.map(({ attempt, seq }) => ({ attempt, seq }))
  )
  expect(events[2]?.update.artifactUpdate).toMatchObject({
    artifact: { artifactId: 'result', parts: [{ text: 'hello' }] },
    lastChunk: true
  })
  expect(view.snapshot()).toMatchObject({
    status: { state: 'TASK_STATE_COMPLETED' },
    artifacts: [{ artifactId: 'result', parts: [{ text: 'hello' }] }],
    history: [{ parts: [{ text: 'hello' }] }]
  })
})

test.each([
  [{ region: 'eu' }, undefined],
  [{ region: 'us' }, 'region=eu'],
  [{}, 'region=eu']
])('a caller that says %j of itself lacks %s of what the agent demands', async (own, demand) => {
  const { submit } = setup({
    traits: { demands: ['region=eu'] },
    init: { attributesOf: (caller) => (caller === CALLER ? own : {}) }
  })
  const refused = await submit('hello').then(
    () => undefined,
    (error: unknown) => error
  )
  expect(refused).toEqual(
    demand && expect.objectContaining({ code: 'DEMANDS_UNMET', details: { agent: 'echo', demand } })
  )
})

test('harmless work that begins with its acceptance is born working', async () => {
  const { submit } = setup({ init: { admission: { concurrency: 1 } } })
  const [first, second] = await Promise.all([submit('hello'), submit('hello')])
  await Promise.all([first.settled, second.settled])
  const states = await Promise.all(
    [first, second].map(async ({ view }) =>
      (await collect(view.events())).flatMap(
        ({ update: { task, statusUpdate } }) => (task ?? statusUpdate)?.status.state ?? []
      )
    )
  )
  expect(states).toEqual([
    ['TASK_STATE_WORKING', 'TASK_STATE_COMPLETED'],
    // It had to wait for its turn.
    ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', 'TASK_STATE_COMPLETED']
  ])
})

test('the same request under one id is one task, also when sent at once', async () => {
  const agent = vi.fn<TestAgent>(echo)
  const { submit, ids } = setup({ agents: { echo: agent } })
  const taskId = ids()
  const [first, second] = await Promise.all([submit('hi', { taskId }), submit('hi', { taskId })])
  await first.settled
  const third = await submit('hi', { taskId })
  expect(second.view.record.id).toBe(taskId)
  expect(third.view.snapshot().status.state).toBe('TASK_STATE_COMPLETED')
  expect(agent).toHaveBeenCalledTimes(1)
})

test('another request under a taken id is a conflict, and ids have to be UUIDs', async () => {
  const { submit, ids } = setup()
  const taskId = ids()
  await submit('one', { taskId })
  await expect(submit('two', { taskId })).rejects.toMatchObject({ code: 'TASK_CONFLICT' })
  await expect(submit('one', { taskId: 'x' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('callers do not see each other’s tasks, even under the same id', async () => {
  const { engine, submit, ids } = setup()
  const id = ids()
  await submit('mine', { taskId: id })
  const other = { caller: 'other', id }
  await expect(engine.open(other)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  await expect(engine.cancel(other)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  const theirs = await engine.submit('other', { agentId: 'echo', taskId: id, message: say('x') })
  await theirs.settled
  expect(theirs.view.snapshot().artifacts?.[0]?.parts).toEqual([{ text: 'x' }])
})

test('an unknown agent is refused before anything is kept', async () => {
  const { engine } = setup()
  const submission = { agentId: 'nobody', message: say('x') }
  await expect(engine.submit(CALLER, submission)).rejects.toMatchObject({ code: 'AGENT_UNKNOWN' })
  expect(engine.counts()).toEqual({ running: 0, completed: 0, failed: 0 })
})

test('a failing agent fails its task with a code and a reason but no words of its own', async () => {
  const { submit } = setup({
    agents: {
      async *echo() {
        yield 'half'
        throw new RangeError('the password is 1234')
      }
    }
  })
  const { view, settled } = await submit('x')
  await settled
  const { status, artifacts } = view.snapshot()
  expect(status.state).toBe('TASK_STATE_FAILED')
  expect(errorOf(status)).toMatchObject({ code: 'TASK_FAILED', details: { reason: 'RangeError' } })
  expect(JSON.stringify(status)).not.toContain('1234')
  expect(artifacts?.[0]?.parts).toEqual([{ text: 'half' }])
})

test('cancelling reaches the agent’s signal and ends the task', async () => {
  const { agent } = gated()
  const { engine, submit } = setup({ agents: { echo: agent } })
  const { view } = await submit('x')
  const task = await engine.cancel(view.record)
  expect(task.status.state).toBe('TASK_STATE_CANCELED')
  expect(await engine.cancel(view.record)).toMatchObject({ status: task.status })
})

test('an agent that ignores its signal is left behind after the grace period', async () => {
  const { clock, engine, submit } = setup({ agents: { echo: hang } })
  const { view } = await submit('x')
  const cancelled = engine.cancel(view.record)
  await clock.advance(LIMITS.cancelGrace.value - 1)
  expect(view.ended).toBe(false)
  await clock.advance(1)
  expect((await cancelled).status.state).toBe('TASK_STATE_CANCELED')
  expect(clock.pending).toBe(0)
})

test('an agent that was left behind takes up its place, and says nothing more', async () => {
  const wake = Promise.withResolvers<void>()
  let runs = 0
  async function* deaf(): AsyncIterable<string> {
    runs += 1
    if (runs > 1) return
    await wake.promise
    yield 'too late'
  }
  const { clock, engine, submit } = setup({
    agents: { echo: deaf },
    init: { admission: { concurrency: 1 } }
  })
  const { view } = await submit('x')
  const cancelled = engine.cancel(view.record)
  await clock.advance(LIMITS.cancelGrace.value)
  const { length } = await collect(view.events())
  expect((await cancelled).artifacts).toBeUndefined()
  expect(engine.load()).toBe(1)
  await expect(submit('y')).rejects.toMatchObject({ code: 'OVERLOADED' })
  wake.resolve()
  await clock.advance(0)
  const next = await submit('z')
  await next.settled
  expect(next.view.status?.state).toBe('TASK_STATE_COMPLETED')
  expect(await collect(view.events())).toHaveLength(length)
  expect(clock.pending).toBe(0)
})

test('a completed task cannot be cancelled', async () => {
  const { engine, submit } = setup()
  const { view, settled } = await submit('x')
  await settled
  await expect(engine.cancel(view.record)).rejects.toMatchObject({ code: 'TASK_NOT_CANCELABLE' })
})

test('a deadline fails the task, whether it works or waits for its turn', async () => {
  const { agent, started } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    init: { admission: { concurrency: 1 } }
  })
  const working = await submit('a', { deadlineMs: 500 })
  const waiting = await submit('b', { deadlineMs: 400 })
  await clock.advance(400)
  expect(errorOf(waiting.view.snapshot().status)).toMatchObject({ code: 'TIMED_OUT' })
  await clock.advance(100)
  expect(errorOf(working.view.snapshot().status)).toMatchObject({ code: 'TIMED_OUT' })
  expect(started()).toBe(1)
})

test('stopping ends every task and leaves no timer behind', async () => {
  const { clock, engine, submit } = setup({ agents: { echo: hang } })
  await engine.start()
  const { view } = await submit('x')
  const stopped = engine.stop()
  await clock.advance(LIMITS.cancelGrace.value)
  await stopped
  expect(errorOf(view.snapshot().status)).toMatchObject({ code: 'SHUTTING_DOWN' })
  expect(clock.pending).toBe(0)
  await expect(submit('y')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
})

test('ended tasks are forgotten after their time, and not executed again', async () => {
  const { clock, engine, submit, ids } = setup({ init: { retentionMs: 1000 } })
  await engine.start()
  const taskId = ids()
  await (
    await submit('x', { taskId })
  ).settled
  await clock.advance(COLLECT_INTERVAL_MS + 1)
  await expect(engine.open({ caller: CALLER, id: taskId })).rejects.toMatchObject({
    code: 'TASK_NOT_FOUND'
  })
  await expect(submit('x', { taskId })).rejects.toMatchObject({ code: 'TASK_GONE' })
  await engine.stop()
})

test('text gathers while nobody waits for it, and nothing of it is lost', async () => {
  const { submit } = setup({
    agents: {
      async *echo() {
        for (let i = 0; i < 1000; i += 1) yield `${i},`
      }
    }
  })
  const { view, settled } = await submit('x')
  await settled
  const whole = Array.from({ length: 1000 }, (_, i) => `${i},`).join('')
  expect(view.snapshot().artifacts?.[0]?.parts).toEqual([{ text: whole }])
  expect((await collect(view.events())).length).toBeLessThan(10)
})

test('a character is never parted between two events', async () => {
  const whole = `x${'🙂'.repeat(LIMITS.deltaBytes.value)}`
  const { submit } = setup({
    agents: {
      async *echo() {
        yield whole
      }
    }
  })
  const { view, settled } = await submit('x')
  await settled
  const pieces = (await collect(view.events())).flatMap(
    ({ update }) => update.artifactUpdate?.artifact.parts.map(({ text = '' }) => text) ?? []
  )
  expect(pieces.length).toBeGreaterThan(2)
  expect(pieces.filter((piece) => !piece.isWellFormed())).toEqual([])
  expect(pieces.join('')).toBe(whole)
})

test('held text is sent after a moment, even if the agent says nothing more', async () => {
  const { clock, submit } = setup({
    agents: {
      async *echo() {
        yield 'first words'
        await new Promise(() => {})
      }
    }
  })
  const { view } = await submit('x')
  await clock.advance(LIMITS.deltaDelay.value)
  expect(view.snapshot().artifacts?.[0]?.parts).toEqual([{ text: 'first words' }])
})

test('a reader that waits gets each piece of text at once', async () => {
  const step = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { submit } = setup({
    agents: {
      async *echo() {
        yield 'a'
        await step[0]?.promise
        yield 'b'
        await step[1]?.promise
      }
    }
  })
  const { view } = await submit('x')
  const texts: (string | undefined)[] = []
  for await (const { update } of view.events()) {
    const text = update.artifactUpdate?.artifact.parts[0]?.text
    if (text === undefined) continue
    texts.push(text)
    step[texts.length - 1]?.resolve()
  }
  expect(texts).toEqual(['a', 'b', ''])
})

test('too much output stops the agent and fails the task', async () => {
  const { clock, submit } = setup({
    agents: {
      async *echo() {
        const megabyte = 'x'.repeat(2 ** 20)
        for (let i = 0; i < 80; i += 1) yield megabyte
      }
    }
  })
  const { view, settled } = await submit('x')
  await clock.advance(LIMITS.cancelGrace.value)
  await settled
  expect(errorOf(view.snapshot().status)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})
