/** Real processes in networks of their own, joined by a cable that loses frames and is cut, also in one direction only. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RunEvent } from '../../client/api.ts'
import { textOf } from '../../core/a2a.ts'
import { startDistantNodes } from '../support/distant-nodes.ts'
import { layLossyCable, whyNoLossyCable } from '../support/lossy-cable.ts'
import type { Conditions } from '../support/lossy-cable.ts'
import { talk } from '../support/talk.ts'
import type { Talk } from '../support/talk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const SEED = 1
const MEET_MS = 30_000
/** As on a bad radio link. */
const DELAY = 0.01
const SHORT: Talk = { seed: 2, pieces: 3, length: 100, pauseMs: 1 }
const reason = whyNoLossyCable()

async function setup(conditions: Conditions) {
  const cable = await layLossyCable(SEED)
  onTestFinished(() => cable.remove())
  const nodes = await startDistantNodes(await temporaryDirectory(), cable)
  onTestFinished(() => nodes.stop())
  const { client } = nodes
  const known = async () => (await client.find('talk')).providers.length
  await expect.poll(known, { timeout: MEET_MS }).toBe(1)
  await cable.set(conditions)
  function ask(order: Talk): Promise<RunEvent[]> {
    return Array.fromAsync(client.run({ target: '@talk', text: JSON.stringify(order) }))
  }
  return { cable, ask }
}

/** Everything that the agent said, once and in order, in one attempt. */
function expectWhole(events: readonly RunEvent[], order: Talk): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index))
  expect(events.at(-1)).toMatchObject({ type: 'result', task: { state: 'TASK_STATE_COMPLETED' } })
  expect(events.filter(({ type }) => type === 'restarted')).toEqual([])
  const pieces = events.map((event) =>
    event.type === 'artifact' ? textOf(event.artifact.parts) : ''
  )
  expect(pieces.join('') === [...talk(order)].join('')).toBe(true)
}

function tookMs(events: readonly RunEvent[]): number {
  return events.findLast((event) => event.type === 'result')?.tookMs ?? NaN
}

/** The types of the events of a stream whose way, one or both, was cut for so long. */
async function cutForTwentySeconds(from: 0 | 1 | undefined): Promise<readonly string[]> {
  const { cable, ask } = await setup({ delay: DELAY })
  const order = { seed: SEED, pieces: 80, length: 1024, pauseMs: 300 }
  const stream = ask(order)
  await delay(1000)
  await cable.set({ cut: true }, from)
  await delay(10_000)
  const begun = ask(SHORT)
  await delay(10_000)
  await cable.set({ cut: false }, from)
  expectWhole(await begun, SHORT)
  const events = await stream
  expectWhole(events, order)
  return events.map(({ type }) => type)
}

describe.skipIf(reason !== undefined)(`a bad link (${reason ?? 'between namespaces'})`, () => {
  test.for([0.02, 0.1])(
    'a stream comes whole with a share of %f of the frames lost',
    async (loss) => {
      const { cable, ask } = await setup({ delay: DELAY, loss })
      const order = { seed: SEED, pieces: 128, length: 4096, pauseMs: 10 }
      expectWhole(await ask(order), order)
      expect(await cable.set({ loss: 0 })).toBeGreaterThan(10)
    }
  )

  test('it comes whole through cuts of one direction, and so does what is begun meanwhile', async () => {
    const { cable, ask } = await setup({ delay: DELAY, loss: 0.02 })
    const order = { seed: SEED, pieces: 400, length: 1024, pauseMs: 30 }
    const stream = ask(order)
    for (const from of [0, 1] as const) {
      await delay(2000)
      await cable.set({ cut: true }, from)
      const begun = ask({ ...SHORT, seed: 2 + from })
      await delay(3000)
      await cable.set({ cut: false }, from)
      const events = await begun
      expectWhole(events, { ...SHORT, seed: 2 + from })
      expect(tookMs(events)).toBeGreaterThan(2900)
    }
    expectWhole(await stream, order)
  })

  test('and through twenty seconds without both directions, or without the way to the worker', async () => {
    const seen = await Promise.all([cutForTwentySeconds(undefined), cutForTwentySeconds(0)])
    const met: unknown = expect.arrayContaining(['waiting', 'resumed'])
    expect(seen).toEqual([met, met])
  })
})
