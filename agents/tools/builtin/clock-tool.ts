/** The tool that tells the time: models know many zones, and never what time it is. */
import { z } from 'zod'
import type { Clock } from '../../../core/clock.ts'
import { parseQuestion } from '../../clock/question.ts'
import type { Moment } from '../../clock/question.ts'
import { ClockRefusal, createWorldClock } from '../../clock/world-clock.ts'
import type { ClockAnswer, WorldClock } from '../../clock/world-clock.ts'
import { formatIso } from '../../clock/zone-time.ts'
import { inputFlaw, tool } from '../define-tool.ts'
import type { Tool } from '../tool.ts'

const place = z.string().min(1).max(64)

const input = z.strictObject({
  places: z
    .array(place)
    .optional()
    .describe(
      'Cities, IANA zones or offsets: Tokyo, Europe/Rome, UTC+5:30. Default: here, and UTC.'
    ),
  at: z
    .string()
    .max(40)
    .optional()
    .describe('Another time than now, as clocks show it: 14:30, 9am, 2026-03-29 12:00.'),
  from: place.optional().describe('Where clocks show that time. Default: here.')
})

export function createClockTool({ clock }: { readonly clock: Clock }): Tool {
  const world = createWorldClock({ clock })
  return tool({
    id: 'clock',
    description: 'Tells date and time in any city or time zone, and converts a time between them.',
    inputSchema: input,
    async execute({ places: targets = [], at, from: source = '' }) {
      if (at === undefined && source !== '') throw inputFlaw('from needs a time: at')
      const moment = at === undefined ? undefined : momentOf(at)
      const { instant, places, note } = answer(world, {
        targets,
        source,
        ...(moment && { moment })
      })
      const times = places.map(({ name, zone }) => ({
        place: name,
        zone,
        time: formatIso(instant, zone)
      }))
      return { times, ...(note !== '' && { note }) }
    }
  })
}

function momentOf(at: string): Moment {
  const question = parseQuestion(at)
  if (question?.moment === undefined || question.source !== '' || question.targets.length > 0) {
    throw inputFlaw('at is no time such as 14:30 or 2026-03-29 12:00')
  }
  return question.moment
}

function answer(world: WorldClock, question: Parameters<WorldClock['answer']>[0]): ClockAnswer {
  try {
    return world.answer(question)
  } catch (error) {
    throw error instanceof ClockRefusal ? inputFlaw(error.message) : error
  }
}
