/** `lumos top` while it runs: keys, answers, sizes and a node that goes and comes, on a screen of the test. */
import { expect, onTestFinished, test } from 'vitest'
import type { TopSource } from '../../../../cli/top/feed.ts'
import type { FrameSize } from '../../../../cli/top/frame.ts'
import { runTop } from '../../../../cli/top/loop.ts'
import type { ScreenEvents } from '../../../../cli/top/screen.ts'
import { createView } from '../../../../cli/top/view.ts'
import { LumosError } from '../../../../core/errors.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { createTinyTerminal } from '../../../support/tiny-terminal.ts'
import { makePeer, makeStatus, makeTask, makeVitals } from '../../../support/top-states.ts'

/** A node that answers at once. */
function createSource(overrides: Partial<TopSource>): TopSource {
  return {
    status: async () => makeStatus(3),
    vitals: async () => makeVitals(3),
    peers: async () => ({ v: 1, peers: [makePeer(0), makePeer(1), makePeer(2)] }),
    peer: async () => ({ v: 1, peer: makePeer(0), quotas: {} }),
    agents: async () => ({ v: 1, agents: [] }),
    tasks: async () => ({ v: 1, tasks: [makeTask(0), makeTask(1)], next: '' }),
    task: async () => ({ v: 1, task: { ...makeTask(0), artifacts: [], history: [] } }),
    async *logs() {},
    memory: { status: async () => ({ v: 1, spaces: [] }) },
    ...overrides
  }
}

async function setup(overrides: Partial<TopSource> = {}) {
  const clock = new ManualClock()
  const stop = new AbortController()
  let size: FrameSize = { columns: 80, rows: 24 }
  let terminal = createTinyTerminal(size.columns, size.rows)
  let events: ScreenEvents | undefined
  const calls: string[] = []
  const ended = runTop(
    {
      source: createSource(overrides),
      clock,
      async openScreen(heard) {
        events = heard
        return {
          size: () => size,
          write(text) {
            calls.push('write')
            terminal.write(text)
          },
          suspend: () => calls.push('suspend'),
          close: () => calls.push('close')
        }
      }
    },
    { view: createView({ pane: 'peers', intervalMs: 1000 }), colour: true, signal: stop.signal }
  )
  onTestFinished(async () => {
    stop.abort(new LumosError('CANCELLED'))
    await ended
    expect(clock.pending).toBe(0)
  })
  await clock.advance(0)
  return {
    clock,
    calls,
    ended,
    stop,
    lines: () => terminal.lines(),
    async press(...keys: readonly string[]) {
      for (const key of keys) events?.pressed(key)
      await clock.advance(0)
    },
    resize(columns: number, rows: number) {
      size = { columns, rows }
      terminal = createTinyTerminal(columns, rows)
      events?.redraw()
    }
  }
}

test('the first frame comes with the first answers, and each second one more', async () => {
  let asked = 0
  const top = await setup({
    status: async () => {
      asked += 1
      return makeStatus(3)
    }
  })
  expect(top.lines()[0]).toContain('amber-otter')
  expect(top.lines().filter((line) => /direct|relay/.test(line)).length).toBeGreaterThanOrEqual(3)
  await top.clock.advance(3000)
  expect(asked).toBe(4)
})

test('a pane is asked for as soon as it is opened', async () => {
  const top = await setup()
  await top.press('t')
  expect(top.lines().join('\n')).toMatch(/▸ …00000000 {2}completed {2}calc/)
})

test('paused, nothing is asked for and nothing moves; another pane is read nevertheless', async () => {
  let asked = 0
  const top = await setup({
    status: async () => {
      asked += 1
      return makeStatus(3)
    }
  })
  await top.press(' ')
  const before = top.lines()
  expect(before[0]).toContain('paused')
  const then = asked
  await top.clock.advance(60_000)
  expect([asked, top.lines()]).toEqual([then, before])
  await top.press('t')
  expect(top.lines().join('\n')).toContain('completed')
  await top.press(' ')
  expect(asked).toBeGreaterThan(then + 1)
})

test('a node that goes is waited for, and shown again when it is back', async () => {
  let isUp = true
  const top = await setup({
    status: async () => {
      if (!isUp) throw new LumosError('DAEMON_DOWN', { details: { profile: 'default' } })
      return makeStatus(3)
    }
  })
  isUp = false
  await top.clock.advance(5000)
  expect(top.lines()[0]).toMatch(/lost 4s$/)
  expect(top.lines().at(-1)).toMatch(/^lost the node: .* trying again$/)
  isUp = true
  await top.clock.advance(1000)
  expect(top.lines()[0]).toMatch(/every 1s$/)
  expect(top.lines().at(-1)).toMatch(/^\? help/)
})

test('an answer that is owed is said to be, and no second question is asked meanwhile', async () => {
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof makeStatus>>()
  let asked = 0
  const top = await setup({
    status: () => {
      asked += 1
      return asked === 1 ? Promise.resolve(makeStatus(3)) : promise
    }
  })
  await top.clock.advance(4000)
  expect(top.lines()[0]).toMatch(/slow 3s$/)
  expect(asked).toBe(2)
  resolve(makeStatus(3))
  await top.clock.advance(1000)
  expect(top.lines()[0]).toMatch(/every 1s$/)
})

test('a pane that is opened while answers are owed is asked for right after them', async () => {
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof makeStatus>>()
  let asked = 0
  const top = await setup({
    status: () => {
      asked += 1
      return asked === 1 ? promise : Promise.resolve(makeStatus(3))
    }
  })
  await top.press('t')
  resolve(makeStatus(3))
  await top.clock.advance(0)
  expect(top.lines().join('\n')).toMatch(/▸ …00000000 {2}completed {2}calc/)
})

test('another size is another frame, whole', async () => {
  const top = await setup()
  top.resize(40, 10)
  expect(top.lines()).toHaveLength(10)
  expect(top.lines()[0]).toMatch(/^amber-otter · up 3h12m +every 1s$/)
})

test.for([
  ['q', 'left'],
  ['ctrl-c', 'interrupted']
] as const)('%s ends it, and the terminal is given back', async ([key, how]) => {
  const top = await setup()
  await top.press(key)
  expect(await top.ended).toBe(how)
  expect(top.calls.at(-1)).toBe('close')
})

test('a signal from outside ends it; Ctrl-Z is for the screen', async () => {
  const top = await setup()
  await top.press('ctrl-z')
  expect(top.calls.at(-1)).toBe('suspend')
  top.stop.abort(new LumosError('CANCELLED'))
  expect(await top.ended).toBe('interrupted')
  expect(top.calls.at(-1)).toBe('close')
})

test('what does not change is not written', async () => {
  const top = await setup()
  const { length } = top.calls
  await top.press('x', 'up', 'escape')
  expect(top.calls.length).toBe(length)
})
