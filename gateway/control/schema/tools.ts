/** What the control API says about tools, and what it is asked: schemas of client/tools-api.ts. */
import { z } from 'zod'
import { TOOL_PATTERN } from '../../../agents/tools/rule.ts'
import type * as api from '../../../client/tools-api.ts'
import { count, json, jsonObject, ms, named, v } from './document.ts'

const effect = z.enum(['read-private', 'network', 'write', 'execute'])
const verdict = z.enum(['allow', 'ask', 'deny'])
const callers = z.strictObject({ self: verdict, peer: verdict })

const summary = {
  id: z.string(),
  version: z.string(),
  description: z.string(),
  effects: z.array(effect),
  source: z.string().describe('`builtin`, `program`, `folder` or `mcp:NAME`.'),
  enabled: z.boolean(),
  current: z.boolean().describe('It is the one that its id stands for.'),
  verdicts: callers.describe('By whose task it is: of this node, or of a peer.')
}

export const toolList: z.ZodType<api.ToolList> = named(
  'ToolList',
  z.strictObject({
    v,
    tools: z.array(z.strictObject(summary)),
    folder: z.string().describe('Where files become tools.'),
    problems: z.array(
      z.strictObject({
        file: z.string(),
        line: count.exactOptional(),
        reason: z.string()
      })
    ),
    rules: z.array(z.string()).describe('Decided while nodes ran, beside the configuration.')
  })
)

export const toolDetails: z.ZodType<api.ToolDetails> = named(
  'ToolDetails',
  z.strictObject({
    v,
    tool: z.strictObject({
      ...summary,
      inputSchema: jsonObject,
      outputSchema: jsonObject.exactOptional(),
      untrusted: z.boolean().describe('Strangers write what comes out.'),
      egress: z.boolean().describe('What goes in can be read elsewhere.'),
      reasons: z.strictObject({ self: z.string(), peer: z.string() }),
      timeoutMs: ms,
      concurrency: count,
      rate: count.nullable().describe('Calls a minute; `null`: as many as one likes.'),
      parts: z.array(z.string())
    })
  })
)

export const toolCallRequest: z.ZodType<api.ToolCallRequest> = named(
  'ToolCallRequest',
  z.strictObject({
    input: json.describe('As the schema of the tool has it.'),
    consent: z.boolean().exactOptional().describe('Says yes to what the user would be asked.')
  })
)

export const toolCallEvent: z.ZodType<api.ToolCallEvent> = named(
  'ToolCallEvent',
  z.discriminatedUnion('type', [
    z.strictObject({ v, type: z.literal('text'), text: z.string() }),
    z.strictObject({ v, type: z.literal('result'), output: json, tookMs: ms })
  ])
)

const pattern = z.string().regex(TOOL_PATTERN)

export const toolRuleRequest: z.ZodType<api.ToolRuleRequest> = named(
  'ToolRuleRequest',
  z
    .strictObject({
      tool: pattern.describe('Id; `*` stands for any characters.'),
      action: verdict,
      caller: z.enum(['self', 'peer']).exactOptional().describe('Default: both.'),
      effect: effect.exactOptional(),
      tainted: z.boolean().exactOptional()
    })
    .refine(({ action, tainted }) => tainted !== true || action === 'allow', {
      path: ['tainted'],
      message: 'goes with allow only'
    })
)

export const toolPattern = z.strictObject({ tool: pattern })

export const toolSelector = z.strictObject({
  tool: z.string().min(1).max(256).describe('Id, or `id@version`.')
})
