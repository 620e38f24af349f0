import { expect, test } from 'vitest'
import type { StreamResponse, TaskState } from '../../../core/a2a.ts'
import { LumosError } from '../../../core/errors.ts'
import { createHedgeBudget } from '../../../routing/hedge-budget.ts'
import { race } from '../../../routing/race.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { provider } from '../../support/routing.ts'

const ACCEPTED = state('TASK_STATE_SUBMITTED')
const WORKING = state('TASK_STATE_WORKING')
const DONE = state('TASK_STATE_COMPLETED')
const FAILED = state('TASK_STATE_FAILED')
const OUTPUT: StreamResponse = {
  artifactUpdate: {
    taskId: 't',
    contextId: 'c',
    artifact: { artifactId: 'result', parts: [{ text: 'hi' }] }
  }
}
const LATE_MS = 100

function state(name: TaskState): StreamResponse {
  return { statusUpdate: { taskId: 't', contextId: 'c', status: { state: name } } }
}

type Act = readonly [atMs: number, what: StreamResponse | LumosError]

/** What two workers say, and when, from when each is asked. */
async function setup(
  acts: { readonly first: readonly Act[]; readonly second?: readonly Act[] },
  init: { readonly isFinal?: boolean } = {}
) {
  const clock = new ManualClock()
  const asked: string[] = []
  const left: string[] = []
  async function* send(
    { peer }: { readonly peer: string },
    signal: AbortSignal
  ): AsyncIterable<StreamResponse> {
    asked.push(`${peer} at ${clock.monotonic()}`)
    signal.addEventListener('abort', () => left.push(peer))
    const began = clock.monotonic()
    for (const [atMs, what] of acts[peer as 'first' | 'second'] ?? []) {
      const isOn = await clock.sleep(Math.max(0, atMs - (clock.monotonic() - began)), signal)
      if (!isOn) throw signal.reason
      if (what instanceof LumosError) throw what
      yield what
    }
  }
  const second = provider('second', { idempotent: true })
  const events = race(clock, {
    signal: new AbortController().signal,
    first: provider('first', { idempotent: true }),
    afterMs: LATE_MS,
    second: () => (acts.second === undefined ? undefined : second),
    send,
    isFinal: () => init.isFinal === true
  })
  const told: string[] = []
  const ended = read(events, told)
  await clock.advance(1000)
  const error = await ended
  return { told, asked, left, error }
}

async function read(
  events: ReturnType<typeof race>,
  told: string[]
): Promise<LumosError | undefined> {
  try {
    for await (const event of events) {
      if (event.type !== 'update') told.push(event.type)
      else told.push(event.update.statusUpdate?.status.state.slice(11) ?? 'output')
    }
    return undefined
  } catch (error) {
    return error instanceof LumosError ? error : undefined
  }
}

test('who answers in time is asked alone', async () => {
  const { told, asked } = await setup({
    first: [
      [10, ACCEPTED],
      [90, OUTPUT],
      [500, DONE]
    ],
    second: [[1, DONE]]
  })
  expect(asked).toEqual(['first at 0'])
  expect(told).toEqual(['SUBMITTED', 'output', 'COMPLETED'])
})

test('after the usual time a second one is asked, and its answer counts if it comes first', async () => {
  const { told, asked, left } = await setup({
    first: [
      [10, ACCEPTED],
      [20, WORKING],
      [900, DONE]
    ],
    second: [
      [10, ACCEPTED],
      [30, OUTPUT],
      [40, DONE]
    ]
  })
  expect(asked).toEqual(['first at 0', 'second at 100'])
  expect(told.slice(0, 4)).toEqual(['SUBMITTED', 'WORKING', 'hedged', 'hedge-won'])
  expect(told.slice(4)).toEqual(['SUBMITTED', 'output', 'COMPLETED'])
  expect(left).toContain('first')
})

test('what the second one says does not show while the first may still answer', async () => {
  const { told, left } = await setup({
    first: [
      [10, ACCEPTED],
      [150, WORKING],
      [200, OUTPUT],
      [300, DONE]
    ],
    second: [
      [10, ACCEPTED],
      [20, WORKING],
      [900, DONE]
    ]
  })
  expect(told.slice(0, 4)).toEqual(['SUBMITTED', 'hedged', 'WORKING', 'hedge-lost'])
  expect(told.slice(4)).toEqual(['output', 'COMPLETED'])
  expect(left).toContain('second')
})

test('a failure is no answer while the other one works', async () => {
  const won = await setup({
    first: [
      [10, ACCEPTED],
      [150, FAILED]
    ],
    second: [
      [10, ACCEPTED],
      [200, DONE]
    ]
  })
  expect(won.told).toEqual(['SUBMITTED', 'hedged', 'hedge-won', 'SUBMITTED', 'COMPLETED'])
  const lost = await setup({
    first: [
      [10, ACCEPTED],
      [150, FAILED]
    ],
    second: [
      [10, ACCEPTED],
      [200, FAILED]
    ]
  })
  expect(lost.told).toEqual(['SUBMITTED', 'hedged', 'hedge-lost', 'FAILED'])
})

test('a second one that refuses changes nothing for the first', async () => {
  const { told, error } = await setup({
    first: [
      [10, ACCEPTED],
      [300, DONE]
    ],
    second: [[10, new LumosError('OVERLOADED')]]
  })
  expect(told).toEqual(['SUBMITTED', 'hedged', 'hedge-lost', 'COMPLETED'])
  expect(error).toBeUndefined()
})

test('a first one that is lost leaves the task to the second', async () => {
  const { told, error } = await setup({
    first: [
      [10, ACCEPTED],
      [150, new LumosError('SESSION_CLOSED')]
    ],
    second: [
      [10, ACCEPTED],
      [200, DONE]
    ]
  })
  expect(told).toEqual(['SUBMITTED', 'hedged', 'hedge-won', 'SUBMITTED', 'COMPLETED'])
  expect(error).toBeUndefined()
})

test('what would fail anywhere ends both', async () => {
  const { told, left, error } = await setup(
    {
      first: [[150, new LumosError('INVALID_REQUEST')]],
      second: [
        [10, ACCEPTED],
        [900, DONE]
      ]
    },
    { isFinal: true }
  )
  expect(told).toEqual(['hedged', 'hedge-lost'])
  expect(left).toContain('second')
  expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
})

test('with nobody to spare the first one is waited for', async () => {
  const { told, asked } = await setup({
    first: [
      [10, ACCEPTED],
      [700, DONE]
    ]
  })
  expect(asked).toEqual(['first at 0'])
  expect(told).toEqual(['SUBMITTED', 'COMPLETED'])
})

test('twenty calls earn one second worker, and none while workers are full', async () => {
  const clock = new ManualClock()
  const budget = createHedgeBudget(clock)
  for (let call = 0; call < 19; call += 1) budget.deposit()
  expect(budget.withdraw()).toBe(false)
  budget.deposit()
  expect(budget.withdraw()).toBe(true)
  expect(budget.withdraw()).toBe(false)
  for (let call = 0; call < 10_000; call += 1) budget.deposit()
  budget.overloaded()
  await clock.advance(29_000)
  expect(budget.withdraw()).toBe(false)
  await clock.advance(2000)
  let granted = 0
  while (budget.withdraw()) granted += 1
  expect(granted).toBe(10)
})
