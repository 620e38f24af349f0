/** Why a worker would be asked or not, in sentences. */
import type { RouteStanding } from '../../client/routing-api.ts'
import { duration, percent } from '../format.ts'

/** @param others how many candidates there are besides this one */
export function verdictOf(standing: RouteStanding, others: number): string {
  const { why, chance, excludedMs } = standing
  switch (why) {
    case 'best':
      if (others === 0) return 'Would be asked: there is nobody else.'
      return chance >= 1
        ? 'Would be asked: nobody else comes into question.'
        : `Would be asked in ${percent(chance)} of cases: of two that are drawn it wins against all.`
    case 'slower':
      return `Would be asked in ${percent(chance)} of cases: when it is drawn with a slower one.`
    case 'slowest':
      return 'Would not be asked: whoever is drawn with it is expected to finish first.'
    case 'not-preferred':
      return 'Not in mind: the policy prefers another.'
    case 'not-connected':
      return 'Left out: there is no session with it, and others have one.'
    case 'banned':
      return `Left out: it could not be reached${forYet(excludedMs)}.`
    case 'breaker-open':
      return `Left out: too many of its tasks failed${forYet(excludedMs)}.`
    case 'asked-to-wait':
      return `Left out: it has asked to be left alone${forYet(excludedMs)}.`
    default:
      return String(why)
  }
}

function forYet(ms: number): string {
  return ms > 0 ? `, and is passed over for ${duration(ms)} yet` : ''
}

/** What its expected time is made of. */
export function factsOf(standing: RouteStanding): string {
  const { rttMs, queueMs, runMs, success, measured, load, slots, inFlight, price } = standing
  const run =
    measured === 0
      ? `a guess of ${duration(runMs)}`
      : `${duration(runMs)} as ${measured} tasks were measured`
  const places =
    load === null
      ? 'it says nothing of its load'
      : `${percent(load)} of ${slots ?? '?'} places taken`
  return [
    `Way ${duration(rttMs)}, queue ${duration(queueMs)}, run ${run}`,
    `${percent(success)} succeed`,
    `${places}, ${inFlight} of ours there`,
    ...(price > 0 ? [`costs ${price} a task`] : [])
  ].join('; ')
}

/** Of the expected time, what each part is: 0 to 1 of `most`. */
export function partsOf(
  { rttMs, queueMs, runMs, costMs }: RouteStanding,
  most: number
): readonly {
  readonly name: 'way' | 'queue' | 'run' | 'risk'
  readonly ms: number
  readonly share: number
}[] {
  const named = { way: rttMs, queue: queueMs, run: runMs }
  const rest = Math.max(0, costMs - rttMs - queueMs - runMs)
  return Object.entries({ ...named, risk: rest }).map(([name, ms]) => ({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets the names
    name: name as 'way' | 'queue' | 'run' | 'risk',
    ms,
    share: most > 0 ? Math.min(1, ms / most) : 0
  }))
}
