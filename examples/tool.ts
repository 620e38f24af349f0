/**
 * Tools with types and schemas, and chains made of them, offered to the swarm without any model.
 *
 * Run: `node examples/tool.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { z } from 'zod'
import { mapTool, pipeTools, tool, toolAgent } from '../index.ts'
import { startTestNode } from '../node/testing.ts'

const split = tool({
  id: 'split',
  description: 'Splits a text into its words.',
  inputSchema: z.object({ text: z.string().min(1) }),
  outputSchema: z.object({ words: z.array(z.string()) }),
  execute: ({ text }) => ({ words: text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [] })
})

const rank = tool({
  id: 'rank',
  description: 'Says which words of a list come most often.',
  inputSchema: z.object({ words: z.array(z.string()) }),
  outputSchema: z.object({ most: z.array(z.string()) }),
  execute({ words }) {
    const counts = Map.groupBy(words, (word) => word)
    const sorted = [...counts].toSorted(([, a], [, b]) => b.length - a.length)
    return { most: sorted.slice(0, 2).map(([word]) => word) }
  }
})

// What the first returns must fit the second: the compiler says so, and the schemas once more at run time.
// A chain has the effects of its parts, and what is denied of them is denied of it.
const most = pipeTools({ id: 'most', description: 'Says which words a text has most.' }, [
  split,
  rank
])

// The same tool for each of many texts, some at a time.
const each = mapTool({ id: 'most_each', description: 'The same for several texts.' }, most)

const words = toolAgent({ id: 'words', description: 'Knows words.', tools: [split, most, each] })

// A node for a moment, without neighbours; on a real one: createNode({ home, agents: [words] }).
await using node = await startTestNode({ agents: [words] })
const text = 'to be or not to be'
console.log(await node.ask('words', '', { skill: 'most', data: { text } }))
const items = [{ text: 'on and on' }, { text: 'so it goes' }]
console.log(await node.ask('words', '', { skill: 'most_each', data: { items } }))
try {
  await node.ask('words', '', { skill: 'most', data: { text: 7 } })
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
