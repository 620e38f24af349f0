/** The part of the table of the control API that is about the log. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import type { LogFilter } from './log-operations.ts'
import { documentRoute, linesRoute } from './route.ts'
import { yesNo } from './schema/document.ts'
import * as logs from './schema/logs.ts'

const text = z.string().min(1).max(256)

const filter = z.strictObject({
  follow: yesNo.describe('Go on with the lines to come.'),
  level: logs.level.exactOptional(),
  component: text.exactOptional(),
  peer: text
    .transform((name) => [name])
    .exactOptional()
    .describe('Lines that concern this peer: its name, its PeerId or a part of that.'),
  task: text.exactOptional().describe('Lines that concern this task: its id, or the end of it.'),
  since: z.iso
    .datetime({ offset: true })
    .transform((moment) => Date.parse(moment))
    .exactOptional(),
  limit: z.coerce.number<string>().int().min(1).max(LIMITS.logLinesKept.value).prefault('200')
}) satisfies z.ZodType<LogFilter>

export const logRoutes = [
  linesRoute({
    method: 'GET',
    path: '/v1/logs',
    id: 'logs',
    summary: 'Log lines, kept and to come',
    query: filter,
    answer: logs.logLine,
    handle: (operations, { query, signal }) => operations.logs(query, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/logs/levels',
    id: 'logLevels',
    summary: 'Which lines the node logs, by component',
    answer: logs.logLevels,
    handle: async (operations) => operations.logLevels.show()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/logs/levels',
    id: 'changeLogLevels',
    summary: 'Switches levels of the log, at once and until the node stops',
    body: logs.logLevelsChange,
    answer: logs.logLevels,
    audit: ({ body: { level, components = {} } }) =>
      [...(level === undefined ? [] : [level]), ...Object.keys(components)].join(' '),
    handle: async (operations, { body }) => operations.logLevels.change(body)
  })
]
