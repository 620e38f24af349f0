/** The agent that tells the time anywhere, and what a time there is elsewhere. */
import type { AgentSkill } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentRequest,
  defineAgent,
  inputError
} from '../agent.ts'
import type { Place } from './places.ts'
import { type ClockQuestion, parseQuestion } from './question.ts'
import { type ClockAnswer, ClockRefusal, createWorldClock } from './world-clock.ts'
import { formatIso, formatOffset, offsetAt } from './zone-time.ts'

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

export function createClockAgent({ clock, zone }: ClockAgentComponents): Agent {
  const world = createWorldClock({ clock, ...(zone !== undefined && { zone }) })

  async function* run({ text, signal }: AgentRequest): AsyncGenerator<AgentOutput> {
    signal.throwIfAborted()
    if (Buffer.byteLength(text) > LIMITS.clockInput.value) {
      throw refusal(`a question may have ${LIMITS.clockInput.value} bytes`)
    }
    const question = parseQuestion(text)
    if (question === undefined) throw refusal('there is no such time, try: 14:30 Berlin in Tokyo')
    const { instant, places, note } = answer(question)
    yield* show(instant, places)
    if (note !== '') yield `\n${note}`
  }

  function answer(question: ClockQuestion): ClockAnswer {
    try {
      return world.answer(question)
    } catch (error) {
      throw error instanceof ClockRefusal ? refusal(error.message) : error
    }
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
