import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { Priority } from '../../../../core/priority.ts'
import { createAdmission } from '../../../../tasks/worker/admission.ts'
import type { AdmissionInit } from '../../../../tasks/worker/admission.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup(init: AdmissionInit = {}) {
  const admission = createAdmission(
    { clock: new ManualClock() },
    { concurrency: 1, queue: 10, perPeer: () => 10, ...init }
  )
  const started: string[] = []
  function enter(caller: string, patienceMs = Infinity) {
    const place = admission.reserve({ agentId: 'a', caller, patienceMs })
    place.enter(() => started.push(caller))
    return place
  }
  return { admission, enter, started }
}

test('callers take turns, however many tasks one of them has', () => {
  const { enter, started } = setup()
  const places = ['x', 'x', 'x', 'x', 'y'].map((caller) => enter(caller))
  for (const place of places) place.leave({ tookMs: 1, whole: true })
  expect(started).toEqual(['x', 'x', 'y', 'x', 'x'].slice(0, started.length))
  expect(started).toContain('y')
})

test('a full queue, a full share and a full node refuse at once, with a time to come back', () => {
  for (const init of [{ queue: 1 }, { perPeer: () => 2 }, { total: 2 }]) {
    const { enter } = setup(init)
    enter('x')
    enter('x')
    expect(() => enter('x')).toThrow(LumosError)
    try {
      enter('x')
    } catch (error) {
      expect(error).toMatchObject({ code: 'OVERLOADED' })
      expect((error as LumosError).details['retryAfterMs']).toBeGreaterThan(0)
    }
  }
})

function twoForY(caller: string): number {
  return caller === 'y' ? 2 : 1
}

test('one peer’s full share leaves places for others, whose share may be another', () => {
  const { enter, started } = setup({ concurrency: 3, perPeer: twoForY })
  enter('x')
  expect(() => enter('x')).toThrow(LumosError)
  enter('y')
  enter('y')
  expect(() => enter('y')).toThrow(LumosError)
  expect(started).toEqual(['x', 'y', 'y'])
})

test('a task that would wait longer than its deadline is refused', () => {
  const { enter } = setup()
  const first = enter('x')
  first.leave({ tookMs: 60_000, whole: true })
  enter('x')
  enter('x')
  expect(() => enter('y', 1000)).toThrow(LumosError)
})

test('who leaves while waiting is not started, and makes room', () => {
  const { admission, enter, started } = setup({ queue: 1 })
  const first = enter('x')
  const second = enter('y')
  second.leave()
  second.leave()
  const third = enter('z')
  first.leave({ tookMs: 1, whole: true })
  expect(started).toEqual(['x', 'z'])
  expect(admission.load()).toBe(1)
  third.leave({ tookMs: 1, whole: true })
  expect(admission.load()).toBe(0)
  expect(admission.working).toBe(0)
})

test('tells of every change of the load', () => {
  const loads: number[] = []
  const admission = createAdmission(
    { clock: new ManualClock() },
    {
      concurrency: 2,
      onChange: () => void loads.push(admission.load())
    }
  )
  const place = admission.reserve({ agentId: 'echo', caller: 'peer', patienceMs: 1000 })
  place.enter(() => {})
  place.leave()
  expect(loads).toEqual([0.5, 0])
})

/** An agent of two places with a queue of two, on which `left` agents run on. */
function lingering(left: number) {
  const onChange = vi.fn<() => void>()
  const admission = createAdmission(
    { clock: new ManualClock() },
    { concurrency: 2, queue: 2, onChange }
  )
  const ends = Array.from({ length: left }, () => Promise.withResolvers<void>())
  for (const { promise } of ends) admission.linger('a', promise)
  const started: string[] = []
  function enter(name: string) {
    const place = admission.reserve({ agentId: 'a', caller: name, patienceMs: Infinity })
    place.enter(() => started.push(name))
    return place
  }
  return { admission, ends, started, enter }
}

test('an agent that runs on though its task is over takes up a place', async () => {
  const { admission, ends, started, enter } = lingering(1)
  expect(admission.load()).toBe(0.5)
  enter('x')
  enter('y')
  expect(started).toEqual(['x'])
  enter('z')
  expect(() => enter('one too many')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  ends[0]?.resolve()
  await new Promise(setImmediate)
  expect(started).toEqual(['x', 'y'])
})

test('an agent all of whose places are taken up so takes no task, until one has ended', async () => {
  const { admission, ends, started, enter } = lingering(2)
  expect(admission.load()).toBe(1)
  expect(() => enter('x')).toThrow(
    expect.objectContaining({ code: 'OVERLOADED', details: { retryAfterMs: 30_000 } })
  )
  ends[1]?.resolve()
  await new Promise(setImmediate)
  enter('x')
  expect(started).toEqual(['x'])
})

test('what may take all night leaves half of the places to wait to the rest', () => {
  const { admission } = setup({ queue: 4 })
  const reserve = (priority: Priority) =>
    admission.reserve({ agentId: 'a', caller: 'x', patienceMs: Infinity, priority })
  for (let count = 0; count < 3; count += 1) reserve('batch')
  expect(() => reserve('batch')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  reserve('normal')
  reserve('interactive')
  expect(() => reserve('interactive')).toThrow(LumosError)
})

test('an urgent task is taken where one that is not would wait too long', () => {
  const { admission, enter } = setup()
  for (let count = 0; count < 8; count += 1) enter(`caller-${count}`)
  const reserve = (priority: Priority) =>
    admission.reserve({ agentId: 'a', caller: 'x', patienceMs: 1000, priority })
  expect(() => reserve('normal')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  expect(() => reserve('interactive')).not.toThrow()
})
