/** What a task carries from agent to agent, and what it cost: schemas of core/chain.ts and core/budget.ts. */
import { z } from 'zod'
import type { Budget, Usage } from '../../../core/budget.ts'
import type { Chain } from '../../../core/chain.ts'
import { PRIORITIES } from '../../../core/priority.ts'
import { count, named } from './document.ts'

const amount = z.int().min(0).max(1e12)
const money = z.number().min(0).max(1e12).describe('US dollars.')

export const priority = z
  .enum(PRIORITIES)
  .describe('Turns among those that wait: 8, 4 and 1. Whoever is asked for it has the same.')

export const budget: z.ZodType<Budget> = named(
  'Budget',
  z
    .strictObject({
      calls: amount.exactOptional().describe('Questions to other agents.'),
      tokens: amount.exactOptional().describe('Of language models, read and written.'),
      money: money.exactOptional()
    })
    .describe(
      'What the task may cost, with all that its agents ask; what is absent is not limited.'
    )
)

export const usage: z.ZodType<Usage> = named(
  'Usage',
  z
    .strictObject({ calls: count, tokens: count, money: z.number() })
    .describe('What the task cost, with all that its agents asked.')
)

export const chain: z.ZodType<Chain> = named(
  'Chain',
  z.strictObject({
    trace: z.string().describe('W3C trace id of all that came of one order.'),
    span: z.string().exactOptional().describe('Of the trace: what this came of.'),
    sampled: z
      .boolean()
      .exactOptional()
      .describe('False when the trace is to be exported nowhere.'),
    path: z
      .array(z.strictObject({ peer: z.string(), agent: z.string() }))
      .describe('Who asked before, in order; an empty agent is a person or a program.'),
    maxHops: count,
    priority,
    budget: budget.exactOptional()
  })
)
