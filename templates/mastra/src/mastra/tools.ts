/** A tool as Mastra has it; a Lumos node could use it as it is. */
import { createTool } from '@mastra/core/tools'
import { z } from 'zod'

export const wordCount = createTool({
  id: 'word_count',
  description: 'Counts the words of a text.',
  inputSchema: z.object({ text: z.string().min(1) }),
  outputSchema: z.object({ words: z.int() }),
  execute: async ({ text }) => ({ words: countWords(text) })
})

export function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
}
