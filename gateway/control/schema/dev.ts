/** What the control API says about agents under development: schemas of client/dev-api.ts. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type * as api from '../../../client/dev-api.ts'
import { count, ms, named, node, v, wireError } from './document.ts'

const place = z
  .strictObject({ file: z.string(), line: count, column: count.exactOptional() })
  .describe('Where in somebody’s code.')
const task = z.string()
const agent = z.string()

export const devRequest: z.ZodType<api.DevRequest> = named(
  'DevRequest',
  z.strictObject({
    path: z
      .string()
      .max(4096)
      .refine(isAbsolute, 'must be an absolute path')
      .describe('A file, or the folder of a project.'),
    env: z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('Variables for the process of the agents, beside a bare environment.')
  })
)

export const devEvent: z.ZodType<api.DevEvent> = named(
  'DevEvent',
  z.discriminatedUnion('type', [
    z.strictObject({
      v,
      type: z.literal('loaded'),
      agents: z.array(
        z.strictObject({
          id: z.string(),
          description: z.string(),
          example: z.string().exactOptional().describe('Something to ask it.')
        })
      ),
      version: count.describe('From 1.'),
      tookMs: ms.describe('Since the file was saved, until peers were told.')
    }),
    z.strictObject({
      v,
      type: z.literal('failed'),
      reason: z.string(),
      place: place.exactOptional(),
      serving: z.boolean().describe('Whether an earlier version still answers.')
    }),
    z.strictObject({
      v,
      type: z.literal('asked'),
      task,
      agent,
      caller: node,
      text: z.string().describe('The beginning of what is asked.')
    }),
    z.strictObject({
      v,
      type: z.literal('answered'),
      task,
      agent,
      tookMs: ms,
      error: wireError.exactOptional(),
      place: place.exactOptional()
    }),
    z.strictObject({
      v,
      type: z.literal('printed'),
      stream: z.enum(['stdout', 'stderr']),
      text: z.string()
    })
  ])
)
