/** The tool that calculates: models are bad at it, and sure of themselves. */
import { z } from 'zod'
import { LIMITS } from '../../../core/limits.ts'
import type { Calculator } from '../../calc/calculator.ts'
import { toExpression } from '../../calc/expression.ts'
import { JobFailed } from '../../confined/confined-worker.ts'
import { inputFlaw, tool } from '../define-tool.ts'
import type { Tool } from '../tool.ts'

const input = z.strictObject({
  expression: z
    .string()
    .max(LIMITS.calcInput.value)
    .describe('(2 + 3) * 4^2 · 20% of 150 · 5 miles to km · inv([1, 2; 3, 4]) · several lines')
})

export function createCalcTool({ evaluate }: Pick<Calculator, 'evaluate'>): Tool {
  return tool({
    id: 'calc',
    description:
      'Calculates: arithmetic, functions, matrices, statistics, units and their conversion. ' +
      'One result a line.',
    inputSchema: input,
    async execute({ expression: text }, { signal }) {
      const expression = toExpression(text)
      if (expression === '') throw inputFlaw('there is nothing to calculate, try: 2 + 2')
      try {
        return { result: await evaluate(expression, signal) }
      } catch (error) {
        throw error instanceof JobFailed ? inputFlaw(error.message) : error
      }
    }
  })
}
