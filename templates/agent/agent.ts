/** An agent is a function with a name: it takes a text, and says things while it works. */
import { defineAgent, inputError } from 'lumos-mesh'

export const agent = defineAgent({
  id: 'my-agent',
  description: 'Counts the words of a text.',
  skills: [
    {
      id: 'my-agent.count',
      name: 'Count words',
      description: 'How many words a text has, and which it says most.',
      tags: ['text', 'words'],
      examples: ['to be or not to be']
    }
  ],
  // Doing it twice does no harm, so another node may do it again when this one fails.
  idempotent: true,
  async *run({ text }) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
    if (words.length === 0) throw inputError('my-agent', 'there is no word in the text')
    yield { type: 'progress', text: 'counting' }

    const counts = new Map<string, number>()
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
    const most = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, 3)
    yield `${words.length} words, most often: ${most.map(([word]) => word).join(', ')}`
  }
})
