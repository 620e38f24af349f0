/** What time it is anywhere, and what a time somewhere is elsewhere. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { suggest } from '../../core/suggest.ts'
import { createPlaces, type Place, type Places } from './places.ts'
import type { ClockQuestion, Moment } from './question.ts'
import { instantsOf, wallTime } from './zone-time.ts'

/** Longer names are no typo of any place, and comparing costs their length for each of them. */
const MAX_NAME = 64
const MAX_SUGGESTIONS = 3

/** What the question asks has no answer: told to whoever asked. */
export class ClockRefusal extends Error {}

export interface ClockAnswer {
  /** Milliseconds since the Unix epoch. */
  readonly instant: number
  readonly places: readonly Place[]
  /** What is odd about this time, or empty. */
  readonly note: string
}

export interface WorldClock {
  /** @throws ClockRefusal */
  answer(question: ClockQuestion): ClockAnswer
}

export interface WorldClockComponents {
  readonly clock: Pick<Clock, 'now'>
  /** Where this node is; default: the system's time zone. */
  readonly zone?: string
}

export function createWorldClock({ clock, zone: given }: WorldClockComponents): WorldClock {
  let known: Places | undefined

  return {
    answer({ moment, source, targets }) {
      if (targets.length > LIMITS.clockPlaces.value) {
        throw new ClockRefusal(`a question may name ${LIMITS.clockPlaces.value} places`)
      }
      // Some 1,000 names, and 6 MB of Node's tables of languages and zones: a node that is never asked
      // need not know them.
      const all = (known ??= createPlaces())
      const zone = given ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
      const home = all.find(zone) ?? { name: zone, zone }
      // UTC beside the home's time: whoever asks may be elsewhere.
      const athome = home.zone === 'UTC' ? [home] : [home, { name: 'UTC', zone: 'UTC' }]
      const wanted = targets.length === 0 ? athome : targets.map((name) => placeOf(all, name))
      if (moment === undefined) return { instant: clock.now(), places: wanted, note: '' }
      const from = source === '' ? home : placeOf(all, source)
      const others = wanted.filter((place) => place.zone !== from.zone)
      return { ...resolve(moment, from, clock.now()), places: [from, ...others] }
    }
  }
}

function placeOf(places: Places, name: string): Place {
  const place = places.find(name)
  if (place !== undefined) return place
  const near = name.length > MAX_NAME ? [] : nearest(name, places.names)
  const hint = near.length === 0 ? 'try a city or a zone such as Europe/Berlin' : near.join(', ')
  const shown = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name
  throw new ClockRefusal(`no place or time zone is called "${shown}"; did you mean: ${hint}?`)
}

/** The nearest names, best first. */
function nearest(name: string, names: readonly string[]): readonly string[] {
  const left = new Set(names)
  const found: string[] = []
  for (let best = suggest(name, left); best !== undefined; best = suggest(name, left)) {
    found.push(best)
    left.delete(best)
    if (found.length === MAX_SUGGESTIONS) break
  }
  return found
}

function resolve(
  { time, date }: Moment,
  { name, zone }: Place,
  now: number
): Omit<ClockAnswer, 'places'> {
  const wall = { ...wallTime(now, zone), ...date, ...time, second: 0 }
  const [first, second] = instantsOf(wall, zone)
  if (first === undefined) {
    throw new ClockRefusal(
      `clocks in ${name} are put forward over that time: it does not exist that day`
    )
  }
  const note = `Clocks in ${name} are put back that day and show this time twice; this is the first.`
  return { instant: first, note: second === undefined ? '' : note }
}
