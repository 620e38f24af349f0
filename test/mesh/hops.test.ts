/** A task that goes through four nodes: its time shrinks with each, and a cancel reaches the last. */
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AgentRequest } from '../../agents/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startChain } from '../support/chained-nodes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

interface Heard {
  readonly agent: string
  /** Counts the runs of an agent, from 1. */
  readonly run: number
  readonly what: 'began' | 'aborted'
  readonly atMs: number
  readonly remainingMs: number
}

/** What the agents hear, whichever node they are on. */
function createEar() {
  const heard: Heard[] = []
  const names = (what: Heard['what']) =>
    heard.filter((one) => one.what === what).map(({ agent }) => agent)

  function listen(agent: string, { signal, remainingMs }: AgentRequest): void {
    const run = names('began').filter((name) => name === agent).length + 1
    const tell = (what: Heard['what']): void => {
      const atMs = systemClock.monotonic()
      heard.push({ agent, run, what, atMs, remainingMs: remainingMs() })
    }
    tell('began')
    signal.addEventListener('abort', () => tell('aborted'))
  }

  function waitFor(agent: string, what: Heard['what']): Promise<Heard> {
    return vi.waitFor(
      () => {
        const found = heard.find((one) => one.agent === agent && one.what === what)
        if (found === undefined) throw new Error(`${agent} has not ${what}`)
        return found
      },
      { timeout: 15_000, interval: 5 }
    )
  }

  return { heard, names, listen, waitFor }
}

/** a asks first (on b), which asks second (on c), which asks third (on d), which waits for its signal. */
async function setup() {
  const { listen, ...ear } = createEar()
  const asker = (id: string, next: string) =>
    testAgent(
      id,
      async function* (request) {
        listen(id, request)
        yield JSON.stringify(await request.ask(next, request.text))
      },
      { idempotent: true }
    )
  const third = testAgent('third', async function* (request) {
    listen('third', request)
    const { signal, text } = request
    if (text === 'wait') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    yield `${text}!`
  })
  const nodes = await startChain(await temporaryDirectory(), {
    b: [asker('first', '@second@c'), asker('ping', '@pong@c')],
    c: [asker('second', 'third'), asker('pong', '@ping@b')],
    d: [third]
  })
  onTestFinished(() => nodes.stop())
  const { delegations } = nodes.a.work

  async function ask(text: string, timeoutMs = 60_000, target = '@first'): Promise<string> {
    const message = { messageId: text, role: 'ROLE_USER' as const, parts: [{ text }] }
    const { id } = await delegations.delegate({
      target,
      message,
      timeoutMs,
      patient: true
    })
    return id
  }

  return { nodes, delegations, ask, ...ear }
}

test('an answer comes back through all hops', async () => {
  const { delegations, ask } = await setup()
  const id = await ask('hi')
  const events = await Array.fromAsync(delegations.watch(id))
  expect(events.at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_COMPLETED' })
  expect((await delegations.find(id))?.artifacts[0]?.parts[0]?.text).toContain('hi!')
})

test('two seconds shrink with each hop, and end the task everywhere', async () => {
  const { delegations, ask, heard, waitFor } = await setup()
  // So that the nodes know each other: finding is not what is measured.
  await Array.fromAsync(delegations.watch(await ask('hi')))
  heard.length = 0
  const events = await Array.fromAsync(delegations.watch(await ask('wait', 2000)))
  expect(events.at(-1)).toMatchObject({ type: 'result', error: { code: 'TIMED_OUT' } })
  await waitFor('third', 'aborted')
  const [first = 0, second = 0, third = 0] = heard.map(({ remainingMs }) => remainingMs)
  // One margin for the answer on its way, one for the agent that asked; times are rounded on the way.
  const margin = 2 * LIMITS.hopMargin.value - 1
  expect(first).toBeLessThanOrEqual(2000 - LIMITS.hopMargin.value)
  expect(second).toBeLessThanOrEqual(first - margin)
  expect(third).toBeLessThanOrEqual(second - margin)
  expect(third).toBeGreaterThan(0)
})

test('a cancel reaches the signal of the last agent', async ({ annotate }) => {
  const { delegations, ask, waitFor, names } = await setup()
  const id = await ask('wait')
  await waitFor('third', 'began')
  const cancelledAt = systemClock.monotonic()
  await delegations.cancel(id)
  const { atMs } = await waitFor('third', 'aborted')
  await annotate(`cancel through three hops: ${(atMs - cancelledAt).toFixed(1)} ms`)
  expect(names('aborted')).toEqual(['first', 'second', 'third'])
  const events = await Array.fromAsync(delegations.watch(id))
  expect(events.at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_CANCELED' })
})

test.for([false, true])(
  'a cancel that a dead link holds up is delivered when it is back (node starts again: %s)',
  async (restarts) => {
    const { nodes, delegations, ask, waitFor, names } = await setup()
    const id = await ask('wait')
    await waitFor('third', 'began')
    nodes.link.refuses = true
    nodes.link.cut()
    await delegations.cancel(id)
    await waitFor('first', 'aborted')
    if (restarts) await nodes.restartB()
    expect(names('aborted')).toEqual(['first'])
    nodes.link.refuses = false
    await waitFor('third', 'aborted')
    expect(names('aborted')).toEqual(['first', 'second', 'third'])
  }
)

test('a node that starts again in the middle leaves nobody working for a run that is over', async () => {
  const { nodes, ask, heard, waitFor } = await setup()
  await ask('wait')
  await waitFor('third', 'began')
  await nodes.restartB()
  // The next run asks anew; its order and the cancel of the last one may overtake each other.
  await vi.waitFor(
    () => {
      const third = heard.filter(({ agent }) => agent === 'third')
      const runs = (what: Heard['what']) =>
        third.filter((one) => one.what === what).map(({ run }) => run)
      expect(runs('began')).toEqual([1, 2])
      expect(runs('aborted')).toEqual([1])
    },
    { timeout: 15_000, interval: 10 }
  )
})

test('two nodes that ask each other in a circle come to an end', async () => {
  const { delegations, ask, names } = await setup()
  const events = await Array.fromAsync(delegations.watch(await ask('hi', 60_000, '@ping')))
  expect(events.at(-1)).toMatchObject({ type: 'result', error: { code: 'ASKED_IN_CIRCLE' } })
  expect(names('began')).toEqual(['ping', 'pong'])
})
