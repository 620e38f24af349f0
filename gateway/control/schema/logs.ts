/** What the control API says about the log: schemas of client/log-levels-api.ts and of log lines. */
import { z } from 'zod'
import type { LogLine } from '../../../client/api.ts'
import type * as api from '../../../client/log-levels-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import { LOG_LEVELS } from '../../../core/log-filter.ts'
import { jsonObject, moment, named, v } from './document.ts'

export const level = z.enum(LOG_LEVELS)

export const logLine: z.ZodType<LogLine> = named(
  'LogLine',
  z.strictObject({
    time: moment,
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
    component: z.string(),
    message: z.string(),
    fields: jsonObject
  })
)

const inForce = { level, components: z.record(z.string(), level) }

export const logLevels: z.ZodType<api.LogLevelsDocument> = named(
  'LogLevels',
  z.strictObject({
    v,
    ...inForce,
    until: moment.exactOptional().describe('While something is switched for a time.'),
    after: z.strictObject(inForce).exactOptional().describe('What is in force then.'),
    configured: z.strictObject(inForce).describe('What the next start begins with.'),
    known: z.array(z.string()).describe('Components that there are, as far as they were met.')
  })
)

/** As the parts of a node name themselves: `libp2p:tcp`, `agents:echo`. */
const component = z.string().regex(/^[\w@-][\w@:./-]{0,127}$/, 'must be the name of a component')

export const logLevelsChange: z.ZodType<api.LogLevelsChange> = z.strictObject({
  level: level.exactOptional(),
  components: z.record(component, level.nullable().describe('Null: as the rest.')).exactOptional(),
  reset: z.boolean().exactOptional().describe('First back to the configuration.'),
  forMs: z
    .int()
    .min(1)
    .max(LIMITS.logLevelsFor.value)
    .exactOptional()
    .describe('Put back by itself after so many milliseconds.')
})
