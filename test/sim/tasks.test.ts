/** Nothing acknowledged is lost, whatever fails: seeded storms over the real engines of both sides. */
import { expect, test } from 'vitest'
import { firstFailure, problemsOf, replay } from '../support/task-simulation/run.ts'
import type { StormName } from '../support/task-simulation/storms.ts'

/** One seed to run again, `<storm>:<number>`, with its story. */
const { SEED } = process.env

/** A handful of each; tasks.long.test.ts runs ten thousand others. */
const SEEDS: Readonly<Record<StormName, number>> = {
  crashes: 25,
  link: 20,
  clocks: 15,
  disks: 10,
  workers: 25,
  hedges: 25,
  forgetting: 10,
  readers: 6,
  everything: 15
}

test.runIf(SEED)('the seed that was asked for', async () => {
  const { text, problems } = await replay(SEED ?? '')
  process.stdout.write(`${text}\n`)
  expect(problems).toEqual([])
})

test.for(Object.entries(SEEDS) as [StormName, number][])(
  'every task ends once and whole in a storm of %s',
  async ([name, count]) => {
    expect(await firstFailure(name, { first: 1, count })).toBeUndefined()
  }
)

/** What a storm of each kind is made for: it must come to pass in the seeds above. */
const PROMISED: Readonly<Record<StormName, readonly string[]>> = {
  crashes: ['worker fails', 'caller-1 fails', 'link: cut', 'cannot cancel'],
  link: ['link: late', 'link: twice', 'link: hang', 'a stray a2a.SendStreamingMessage'],
  clocks: ["worker's clock is set by -", "caller-1's clock is set by 3600000", 'is out of time'],
  disks: ["worker's disk is full", "caller-1's disk is full", 'is refused', 'has room'],
  workers: [
    'worker-2 fails',
    'link: hang',
    'asks worker-3 for a2a.CancelTask',
    'goes on elsewhere'
  ],
  hedges: ['worker-2 fails', 'hedged worker', 'hedge-won worker', 'hedge-lost worker', 'link: cut'],
  forgetting: ['replays in vain: TASK_GONE'],
  readers: ['a subscriber is cut: SUBSCRIBER_SLOW'],
  everything: ['caller-3 fails', 'link: hang', 'disk is full', 'clock is set']
}

test.for(Object.entries(PROMISED) as [StormName, string[]][])(
  'a storm of %s is one: %j',
  async ([name, promised]) => {
    const missing = new Set(promised)
    const notice = (line: string): void => {
      for (const sign of missing) if (line.includes(sign)) missing.delete(sign)
    }
    for (let seed = 1; seed <= SEEDS[name] && missing.size > 0; seed += 1) {
      await problemsOf(name, { seed, trace: (line) => notice(line()) })
    }
    expect([...missing]).toEqual([])
  }
)

test('a seed always tells the same story', async () => {
  const stories = [[], []] as string[][]
  for (const story of stories) {
    await problemsOf('everything', { seed: 4, trace: (line) => story.push(line()) })
  }
  expect(stories[0]?.length).toBeGreaterThan(100)
  expect(stories[0]).toEqual(stories[1])
})
