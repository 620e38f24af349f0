/** Streams that pages follow: what they tell comes once a frame, and they are opened again when they break. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { follow } from '../../../web/follow.ts'
import type { FollowState } from '../../../web/follow.ts'

type Round = (string | LumosError)[]

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Each round is what one opening tells; a failure ends it. */
function setup(rounds: readonly Round[]) {
  const told: string[] = []
  const waits: { ms: number; go: () => void }[] = []
  const frames: (() => void)[] = []
  let opened = 0
  const next = async function* (signal: AbortSignal): AsyncGenerator<string> {
    const round = rounds[opened] ?? []
    opened += 1
    for (const item of round) {
      if (typeof item !== 'string') throw item
      yield item
    }
    if (opened < rounds.length) return
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  }
  const stop = follow<string>({
    open: next,
    begin: () => told.push('begin'),
    take: (items) => told.push(items.join('+')),
    onState: ({ is }: FollowState) => told.push(is),
    clock: {
      now: () => 0,
      after(ms, go) {
        waits.push({ ms, go })
        return () => undefined
      }
    },
    onFrame: (action) => frames.push(action)
  })
  const frame = (): void => {
    for (const action of frames.splice(0)) action()
  }
  return { told, waits, stop, frame }
}

test('what comes within a frame is told at once', async () => {
  const { told, frame, stop } = setup([['a', 'b', 'c']])
  await settle()
  frame()
  expect(told).toEqual(['opening', 'begin', 'open', 'a+b+c'])
  stop()
})

test('a stream that breaks is opened again, later each time, and begins anew', async () => {
  const gone = new LumosError('DAEMON_STOPPED')
  const { told, waits, stop } = setup([['a', gone], [gone], [gone], ['b']])
  await settle()
  expect(told).toEqual(['opening', 'begin', 'open', 'a', 'lost'])
  for (const place of [0, 1, 2]) {
    waits[place]?.go()
    // oxlint-disable-next-line no-await-in-loop -- one opening after the other
    await settle()
  }
  expect(waits.map(({ ms }) => ms)).toEqual([500, 1000, 2000])
  expect(told.slice(5)).toEqual(['opening', 'lost', 'opening', 'lost', 'opening', 'begin', 'open'])
  stop()
})

test('what no later try gets over ends it, and so does the end', async () => {
  const refused = setup([[new LumosError('API_TOKEN_REFUSED')], []])
  const ended = setup([['a'], []])
  await settle()
  expect(refused.told).toEqual(['opening', 'failed'])
  expect(ended.told).toEqual(['opening', 'begin', 'open', 'a', 'ended'])
  expect([refused.waits, ended.waits]).toEqual([[], []])
})

test('nothing is told any more when nobody looks', async () => {
  const { told, frame, stop } = setup([['a']])
  await settle()
  stop()
  frame()
  await settle()
  expect(told).toEqual(['opening', 'begin', 'open'])
})
