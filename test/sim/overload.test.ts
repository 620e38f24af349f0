/** More is asked of a worker than it can do, and it does what it can. */
import { expect, test } from 'vitest'
import { createThrottle } from '../../routing/throttle.ts'
import { createAdmission } from '../../tasks/worker/admission.ts'
import type { AdmissionInit } from '../../tasks/worker/admission.ts'
import { simulateOverload } from '../support/overload-simulation.ts'
import type { OverloadInit, OverloadReport } from '../support/overload-simulation.ts'
import { seededRandom } from '../support/random.ts'

const TEN_CALLERS = Array.from({ length: 10 }, (_, index) => `caller-${index}`)

/** Two cores, 50 ms of work a task, callers that wait a second. */
function worker(
  load: number,
  { seed = 1, ...more }: Partial<OverloadInit> & AdmissionInit & { readonly seed?: number } = {}
): OverloadReport {
  return simulateOverload((components) => createAdmission(components, more), {
    random: seededRandom(seed),
    cores: 2,
    workMs: 50,
    deadlineMs: 1000,
    durationMs: 80_000,
    callers: TEN_CALLERS.map((name) => ({ name, load: load / 10 })),
    ...more
  })
}

test.each([1, 2, 3, 4])(
  'at ten times what it can do, it does four fifths of it: seed %i',
  (seed) => {
    const { goodput, p95, late } = worker(10, { seed })
    expect(goodput).toBeGreaterThan(0.8)
    expect(late).toBeLessThan(0.1)
    expect(p95).toBeLessThan(1000)
  }
)

test('with no more than it can do, nothing is refused and nothing is late', () => {
  const { goodput, refused, late } = worker(0.6)
  expect({ refused, late }).toEqual({ refused: 0, late: 0 })
  expect(goodput).toBeGreaterThan(0.55)
})

test('work that waits for others keeps its places: as many at a time as are allowed', () => {
  const { goodput, late } = worker(2, { cores: 64, workMs: 200, durationMs: 60_000 })
  expect(goodput).toBeGreaterThan(0.8)
  expect(late).toBeLessThan(0.1)
})

test('a caller that asks a hundred times as much leaves the others their turns', () => {
  const flood = { name: 'flood', load: 10 }
  const modest = TEN_CALLERS.map((name) => ({ name, load: 0.03 }))
  const { served } = worker(0, { callers: [flood, ...modest] })
  const expected = (0.03 * 2 * 60_000) / 50
  for (const { name } of modest) expect(served.get(name)).toBeGreaterThan(expected * 0.6)
  expect(served.get('flood')).toBeGreaterThan(expected * 10)
})

test.each([1, 2, 3, 4])(
  'callers that count what is taken ask for twice of it, though they want ten times as much: seed %i',
  (seed) => {
    const callers = seededRandom(seed + 100)
    const throttle: OverloadInit['throttle'] = (clock) => createThrottle({ clock, random: callers })
    // A refusal costs a fiftieth of a task.
    const costly = { seed, refusalMs: 1 }
    const patient = worker(10, { ...costly, throttle })
    const arrived = patient.refused + sum(patient.served.values())
    expect(patient.goodput).toBeGreaterThan(0.8)
    expect(patient.p95).toBeLessThan(1000)
    expect(patient.late).toBeLessThan(0.1)
    expect(arrived).toBeLessThan(sum(patient.served.values()) * 2.5)
    expect(patient.throttled).toBeGreaterThan(arrived)
    expect(worker(10, costly).goodput).toBeLessThan(patient.goodput - 0.05)
  }
)

test('the urgent tasks of one caller are done while others bring more than can be done, and theirs go on', () => {
  const batch = TEN_CALLERS.map((name) => ({ name, load: 1, priority: 'batch' as const }))
  const urgent = { name: 'urgent', load: 0.2, priority: 'interactive' as const }
  const { served, goodput } = worker(0, { callers: [...batch, urgent] })
  const expected = (0.2 * 2 * 60_000) / 50
  expect(goodput).toBeGreaterThan(0.8)
  expect(served.get('urgent')).toBeGreaterThan(expected * 0.8)
  for (const { name } of batch) expect(served.get(name)).toBeGreaterThan(50)
})

function sum(counts: Iterable<number>): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
