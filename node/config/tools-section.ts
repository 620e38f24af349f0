/** What can be configured about tools: which there are, and who may use them. */
import { z } from 'zod'
import { parseRule, RULE_FORM, TOOL_PATTERN } from '../../agents/tools/rule.ts'
import { LIMITS } from '../../core/limits.ts'
import { builtinTools } from './builtin-tools-section.ts'

const rule = z.string().transform((text, context) => {
  const read = parseRule(text)
  if (read !== undefined) return read
  context.addIssue(`must be a rule: ${RULE_FORM}`)
  return z.NEVER
})

export const tools = z.strictObject({
  enabled: z
    .array(z.string().regex(TOOL_PATTERN, 'must be the id of a tool; * stands for any characters'))
    .default(['*'])
    .describe('Tools that agents of this node can be given, by id; `*` stands for any characters.'),
  folder: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'Folder whose files are tools, loaded when they change. Without it: `tools` beside the configuration file.'
    ),
  policy: z
    .array(rule)
    .max(LIMITS.toolRules.value)
    .default([])
    .describe(
      'Rules about who may use which tool, such as `allow http_fetch for peers` (docs/tools.md).'
    ),
  ...builtinTools
})
