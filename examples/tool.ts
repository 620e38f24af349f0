/**
 * Two tools with types and schemas, one made of the other, offered to the swarm without any model.
 *
 * Run: `node examples/tool.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { z } from 'zod'
import { tool, toolAgent } from '../index.ts'
import { startTestNode } from '../node/testing.ts'

const split = tool({
  id: 'split',
  description: 'Splits a text into its words.',
  inputSchema: z.object({ text: z.string().min(1) }),
  outputSchema: z.object({ words: z.array(z.string()) }),
  execute: ({ text }) => ({ words: text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [] })
})

const most = tool({
  id: 'most',
  description: 'Says which words a text has most.',
  inputSchema: z.object({ text: z.string().min(1), top: z.int().min(1).default(2) }),
  outputSchema: z.object({ most: z.array(z.string()) }),
  // What is denied of its parts is denied of it.
  parts: [split],
  async execute({ text, top }, context) {
    const { words } = z.object({ words: z.array(z.string()) }).parse(
      // Checked on the way in and on the way out, as if a model had called it.
      await split.execute(await split.parse({ text }), context)
    )
    const counts = Map.groupBy(words, (word) => word)
    const sorted = [...counts].toSorted(([, a], [, b]) => b.length - a.length)
    return { most: sorted.slice(0, top).map(([word]) => word) }
  }
})

const words = toolAgent({ id: 'words', description: 'Knows words.', tools: [split, most] })

// A node for a moment, without neighbours; on a real one: createNode({ home, agents: [words] }).
await using node = await startTestNode({ agents: [words] })
const text = 'to be or not to be'
console.log(await node.ask('words', '', { skill: 'most', data: { text } }))
console.log(await node.ask('words', '', { skill: 'most', data: { text, top: 1 } }))
try {
  await node.ask('words', '', { skill: 'most', data: { text, top: 'all' } })
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
