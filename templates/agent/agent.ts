/** An agent is a function with a name. With a language model it answers freely, without one it counts words. */
import { defineAgent, inputError, llmAgent, tool } from 'lumos-mesh'

/** Types come from the schema. What it needs beyond giving back a value would stand in `effects`. */
const wordCount = tool({
  id: 'word_count',
  description: 'Counts the words of a text, and says which it says most.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  execute: ({ text }: { text: string }) => countWords(text)
})

const about = {
  id: 'my-agent',
  description: 'Helps with texts, and counts their words.',
  skills: [
    {
      id: 'my-agent.text',
      name: 'Text',
      description:
        'How many words a text has, and which it says most; anything else about it with a model.',
      tags: ['text', 'words'],
      examples: ['to be or not to be']
    }
  ],
  // Doing it twice does no harm, so another node may do it again when this one fails.
  idempotent: true
}

const writer = llmAgent({
  ...about,
  instructions:
    'You help people with their texts, briefly. Count words with your tool, never by yourself.',
  tools: [wordCount],
  memory: true
})

export const agent = defineAgent({
  ...about,
  async *run(request) {
    // The models of the node that it runs on: `lumos model ls`.
    if (request.models?.defaults().length) {
      yield* writer.run(request)
      return
    }

    const { words, most } = countWords(request.text)
    if (words === 0) throw inputError('my-agent', 'there is no word in the text')
    yield { type: 'progress', text: 'counting' }
    yield `${words} words, most often: ${most.join(', ')}`
  }
})

function countWords(text: string) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return { words: words.length, most: sorted.slice(0, 3).map(([word]) => word) }
}
