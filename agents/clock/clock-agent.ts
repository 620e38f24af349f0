/** The agent that tells the time anywhere, and what a time there is elsewhere. */
import type { AgentSkill } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { suggest } from '../../core/suggest.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentRequest,
  defineAgent,
  inputError
} from '../agent.ts'
import { createPlaces, type Place, type Places } from './places.ts'
import { type Moment, parseQuestion } from './question.ts'
import { formatIso, formatOffset, instantsOf, offsetAt, wallTime } from './zone-time.ts'

/** Longer names are no typo of any place, and comparing costs their length for each of them. */
const MAX_NAME = 64
const MAX_SUGGESTIONS = 3

const SKILLS: readonly AgentSkill[] = [
  {
    id: 'time.now',
    name: 'Current time',
    description:
      'The current date and time in IANA time zones, cities and UTC offsets, as text and as data.',
    tags: ['time', 'clock', 'date', 'timezone', 'now'],
    examples: ['what time is it', 'time in Tokyo', 'tokyo, london, UTC+5:30']
  },
  {
    id: 'time.convert',
    name: 'Convert a time',
    description:
      'What a time in one place is in others, today or on a date, daylight saving included.',
    tags: ['time', 'timezone', 'convert', 'meeting', 'dst'],
    examples: [
      '14:30 Berlin in New York',
      '9am Tokyo to London, Paris',
      '2026-03-29 12:00 UTC in Rome'
    ]
  }
]

export interface ClockAgentComponents {
  readonly clock: Clock
  /** Where this node is; default: the system's time zone. */
  readonly zone?: string
}

export function createClockAgent({
  clock,
  zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
}: ClockAgentComponents): Agent {
  const places = createPlaces()
  const home = places.find(zone) ?? { name: zone, zone }
  // UTC beside the home's time: whoever asks may be elsewhere.
  const athome = home.zone === 'UTC' ? [home] : [home, { name: 'UTC', zone: 'UTC' }]

  async function* run({ text, signal }: AgentRequest): AsyncGenerator<AgentOutput> {
    signal.throwIfAborted()
    if (Buffer.byteLength(text) > LIMITS.clockInput.value) {
      throw refusal(`a question may have ${LIMITS.clockInput.value} bytes`)
    }
    const question = parseQuestion(text)
    if (question === undefined) throw refusal('there is no such time, try: 14:30 Berlin in Tokyo')
    const { moment, source, targets } = question
    if (targets.length > LIMITS.clockPlaces.value) {
      throw refusal(`a question may name ${LIMITS.clockPlaces.value} places`)
    }
    const wanted = targets.length === 0 ? athome : targets.map((name) => placeOf(places, name))
    if (moment === undefined) {
      yield* show(clock.now(), wanted)
      return
    }
    const from = source === '' ? home : placeOf(places, source)
    const { instant, note } = resolve(moment, from, clock.now())
    const others = wanted.filter((place) => place.zone !== from.zone)
    yield* show(instant, [from, ...others])
    if (note !== '') yield `\n${note}`
  }

  return defineAgent({
    id: 'clock',
    name: 'Clock',
    description: 'Tells the time in any time zone or city, and converts times between them.',
    skills: SKILLS,
    outputModes: ['text/plain', 'application/json'],
    idempotent: true,
    run
  })
}

function refusal(reason: string): Error {
  return inputError('clock', reason)
}

function placeOf(places: Places, name: string): Place {
  const place = places.find(name)
  if (place !== undefined) return place
  const near = name.length > MAX_NAME ? [] : nearest(name, places.names)
  const hint = near.length === 0 ? 'try a city or a zone such as Europe/Berlin' : near.join(', ')
  const shown = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name
  throw refusal(`no place or time zone is called "${shown}"; did you mean: ${hint}?`)
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

interface Resolved {
  readonly instant: number
  /** What is odd about this time, or empty. */
  readonly note: string
}

function resolve({ time, date }: Moment, { name, zone }: Place, now: number): Resolved {
  const wall = { ...wallTime(now, zone), ...date, ...time, second: 0 }
  const [first, second] = instantsOf(wall, zone)
  if (first === undefined) {
    throw refusal(`clocks in ${name} are put forward over that time: it does not exist that day`)
  }
  const note = `Clocks in ${name} are put back that day and show this time twice; this is the first.`
  return { instant: first, note: second === undefined ? '' : note }
}

function* show(instant: number, places: readonly Place[]): Generator<AgentOutput> {
  yield places.map((place) => describe(instant, place)).join('\n')
  const times = places.map(({ name, zone }) => ({
    place: name,
    zone,
    time: formatIso(instant, zone)
  }))
  yield {
    type: 'artifact',
    artifact: { name: 'times', parts: [{ data: { times }, mediaType: 'application/json' }] }
  }
}

/** `New York: Friday, 21 November 2025 at 08:30 (UTC-05:00, America/New_York)`. */
function describe(instant: number, { name, zone }: Place): string {
  const shown = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit'
  }).format(instant)
  const offset = formatOffset(offsetAt(instant, zone))
  const facts = name === zone || /^[+-]/.test(zone) ? `UTC${offset}` : `UTC${offset}, ${zone}`
  return `${name}: ${shown} (${facts})`
}
