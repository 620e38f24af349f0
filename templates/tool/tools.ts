/** A tool has an id, a schema of what it takes, and a function: types follow from the schema. */
import { tool } from 'lumos-mesh'
import { z } from 'zod'

export const wordCount = tool({
  id: 'word_count',
  description: 'Counts the words of a text, and says which it says most.',
  inputSchema: z.object({ text: z.string().min(1), most: z.int().min(1).max(20).default(3) }),
  outputSchema: z.object({ words: z.int(), most: z.array(z.string()) }),
  // What a call can do besides giving back a value: nothing, so no policy stands in its way.
  effects: [],
  execute({ text, most }) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
    const counts = new Map<string, number>()
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
    const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
    return { words: words.length, most: sorted.slice(0, most).map(([word]) => word) }
  }
})
