/** What the control API says about where the time of a task went: schemas of client/trace-api.ts. */
import { z } from 'zod'
import type { TaskTrace } from '../../../client/trace-api.ts'
import { count, moment, ms, named, node, v } from './document.ts'

const span = named(
  'TraceSpan',
  z.strictObject({
    id: z.string().describe('16 hexadecimal digits.'),
    parent: z.string().describe('Empty when the span above is not among these.'),
    depth: count.describe('The spans below one come right behind it.'),
    name: z.string().describe('task, route, attempt, accept, queue, run, tool, model or memory.'),
    subject: z.string().describe('What it is about, in a word: an agent, a tool, a model.'),
    node,
    startMs: ms.describe('Milliseconds since the first of these began.'),
    tookMs: ms.nullable().describe('Null while it goes on.'),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    events: z.array(z.strictObject({ name: z.string(), atMs: ms })),
    error: z.string().describe('Code of what it failed with; empty when it did not.')
  })
)

export const taskTrace: z.ZodType<TaskTrace> = named(
  'TaskTrace',
  z.strictObject({
    v,
    task: z.string(),
    trace: z.string().describe('W3C trace id.'),
    startedAt: moment.describe('When the first span began; empty without spans.'),
    tookMs: ms,
    spans: z.array(span).describe('In the order in which they are to be drawn.'),
    missing: z
      .array(z.strictObject({ id: z.string(), name: z.string(), why: z.string() }))
      .describe('Nodes that took part and of which nothing was learnt.'),
    dropped: count.describe('Spans that were too many to be kept, or told.')
  })
)
