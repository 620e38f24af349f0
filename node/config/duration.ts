/** Durations as people write them, in milliseconds to us. */
import { z } from 'zod'
import { parseDuration } from '../../core/units.ts'

const FORM = 'must be a duration with its unit, such as 90s or 24h'

export const duration = z.string(FORM).transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue(FORM)
  return z.NEVER
})

/** @param most milliseconds */
export const within = (most: number): typeof duration =>
  duration.refine((ms) => ms > 0 && ms <= most, `must be above 0 and at most ${most / 3_600_000}h`)
