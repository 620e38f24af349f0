/** Each of the four limits ends a task with an error of its own, and leaves no timer behind. */
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../../../agents/agent.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { errorOf } from '../../../../protocols/a2a/extensions.ts'
import { createMemoryTaskStore } from '../../../../tasks/worker/memory-task-store.ts'
import type { TaskHandle } from '../../../../tasks/worker/engine.ts'
import { gated, say, setupEngine } from '../../../support/tasks.ts'
import type { EngineSetup, TestAgent } from '../../../support/tasks.ts'

function setup(given: EngineSetup) {
  const { clock, engine } = setupEngine(given)
  onTestFinished(async () => {
    const stopped = engine.stop()
    await clock.advance(LIMITS.cancelGrace.value)
    await stopped
    expect(clock.pending).toBe(0)
  })
  function submit(text: string, deadlineMs?: number) {
    const more = deadlineMs !== undefined && { deadlineMs }
    return engine.submit('caller', { agentId: 'echo', message: say(text), ...more })
  }
  return { clock, engine, submit }
}

function failureOf({ view }: TaskHandle) {
  return errorOf(view.snapshot().status)
}

function beat({ heartbeat }: Parameters<TestAgent>[0]): undefined {
  heartbeat()
}

/** Says what it is told to, when it is told to. */
function puppet() {
  const queue: ((work: Parameters<TestAgent>[0]) => string | undefined)[] = []
  let wake = Promise.withResolvers<void>()
  async function* agent(work: Parameters<TestAgent>[0]): AsyncIterable<string> {
    const aborted = new Promise<never>((_, reject) => {
      work.signal.addEventListener('abort', () => reject(work.signal.reason))
    })
    for (;;) {
      await Promise.race([wake.promise, aborted])
      wake = Promise.withResolvers<void>()
      for (const act of queue.splice(0)) {
        const said = act(work)
        if (said !== undefined) yield said
      }
    }
  }
  const does = (act: (typeof queue)[number]): void => {
    queue.push(act)
    wake.resolve()
  }
  return { agent, does }
}

test('a task that waits too long for its turn fails, and was surely not begun', async () => {
  const { agent, started } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    init: { admission: { concurrency: 1 }, timeouts: { queueMs: 500 } }
  })
  const working = await submit('a')
  const waiting = await submit('b')
  await clock.advance(499)
  expect(waiting.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(waiting)).toMatchObject({
    code: 'QUEUE_TIMED_OUT',
    details: { agent: 'echo', timeoutMs: 500, maybeExecuted: false }
  })
  expect(started()).toBe(1)
  expect(working.view.ended).toBe(false)
})

test('waiting counts no more once the work has begun', async () => {
  const { agent, open } = gated()
  const { clock, submit } = setup({ agents: { echo: agent }, init: { timeouts: { queueMs: 500 } } })
  const task = await submit('a')
  await clock.advance(10_000)
  open()
  await task.settled
  expect(task.view.status?.state).toBe('TASK_STATE_COMPLETED')
})

test('a task that would wait longer than it may is refused at once', async () => {
  const { agent } = gated()
  const { submit } = setup({
    agents: { echo: agent },
    init: { admission: { concurrency: 1 }, timeouts: { queueMs: 50 } }
  })
  await submit('a')
  await expect(submit('b')).rejects.toMatchObject({ code: 'OVERLOADED' })
})

test('a run that takes too long is stopped; the time before it does not count', async () => {
  const { agent, started } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    init: { admission: { concurrency: 1 }, timeouts: { runMs: 1000 } }
  })
  const first = await submit('a')
  const second = await submit('b')
  await clock.advance(1000)
  expect(failureOf(first)).toMatchObject({
    code: 'RUN_TIMED_OUT',
    details: { agent: 'echo', timeoutMs: 1000, maybeExecuted: true }
  })
  expect(started()).toBe(2)
  await clock.advance(999)
  expect(second.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(second)).toMatchObject({ code: 'RUN_TIMED_OUT' })
})

test('what an agent declares comes before what the node sets', async () => {
  const { agent } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    timeouts: { runMs: 3000 },
    init: { timeouts: { runMs: 1000 } }
  })
  const task = await submit('a')
  await clock.advance(2999)
  expect(task.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(task)).toMatchObject({ code: 'RUN_TIMED_OUT', details: { timeoutMs: 3000 } })
})

test('an agent that gives no sign of life is stopped', async () => {
  const { agent, does } = puppet()
  const { clock, submit } = setup({ agents: { echo: agent }, timeouts: { heartbeatMs: 1000 } })
  const task = await submit('a')
  await clock.advance(900)
  does(() => 'text is a sign')
  await clock.advance(900)
  does(beat)
  await clock.advance(999)
  expect(task.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(task)).toMatchObject({
    code: 'HEARTBEAT_TIMED_OUT',
    details: { agent: 'echo', timeoutMs: 1000, maybeExecuted: true }
  })
})

test('the time in the queue is no silence', async () => {
  const { agent } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    timeouts: { heartbeatMs: 1000 },
    init: { admission: { concurrency: 1 } }
  })
  await submit('a')
  const second = await submit('b')
  await clock.advance(1999)
  expect(second.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(second)).toMatchObject({ code: 'HEARTBEAT_TIMED_OUT' })
})

test('silence is no matter unless somebody declared it one', async () => {
  const { agent } = gated()
  const { clock, submit } = setup({ agents: { echo: agent } })
  const task = await submit('a')
  await clock.advance(LIMITS.taskDuration.value - 1)
  expect(task.view.ended).toBe(false)
  await clock.advance(1)
  expect(failureOf(task)).toMatchObject({ code: 'TIMED_OUT', details: { maybeExecuted: true } })
})

test('a node bounds the whole task, and the first of its limits counts', async () => {
  const { agent } = gated()
  const { clock, submit } = setup({
    agents: { echo: agent },
    init: { timeouts: { totalMs: 2000, runMs: 5000 } }
  })
  const patient = await submit('a', 60_000)
  const hasty = await submit('b', 300)
  await clock.advance(300)
  expect(failureOf(hasty)).toMatchObject({ code: 'TIMED_OUT', details: { timeoutMs: 300 } })
  await clock.advance(1700)
  expect(failureOf(patient)).toMatchObject({ code: 'TIMED_OUT', details: { timeoutMs: 2000 } })
})

test('one timer a task, however many limits it has', async () => {
  const { agent, does } = puppet()
  const { clock, submit } = setup({
    agents: { echo: agent },
    timeouts: { queueMs: 1000, runMs: 10_000, heartbeatMs: 1000 },
    store: createMemoryTaskStore()
  })
  await submit('a')
  await clock.advance(0)
  expect(clock.pending).toBe(1)
  for (let sign = 0; sign < 100; sign += 1) {
    does(beat)
    await clock.advance(5)
  }
  expect(clock.pending).toBe(1)
})

test.for([0, -1, 1.5, NaN])('an agent cannot declare a limit of %s ms', (runMs) => {
  const skills = [{ id: 'a', name: 'a', description: 'a', tags: ['a'] }]
  const definition = { id: 'a', description: 'a', skills, timeouts: { runMs }, async *run() {} }
  expect(() => defineAgent(definition)).toThrow(TypeError)
})
