/** Three agents that share one job; none of them knows on which node the others are. */
import { defineAgent, inputError, type Part } from 'lumos-mesh'

/** Asked by skill: in a swarm the best node that has it does the work. */
const COUNT = 'my-agent.count'
const SHORTEN = 'my-agent.shorten'

export const counter = defineAgent({
  id: 'my-agent-counter',
  description: 'Counts the words of a text.',
  skills: [{ id: COUNT, name: 'Count', description: 'How many words.', tags: ['text'] }],
  idempotent: true,
  async *run({ text }) {
    yield String(text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0)
  }
})

export const shortener = defineAgent({
  id: 'my-agent-shortener',
  description: 'Takes the first sentence of a text.',
  skills: [{ id: SHORTEN, name: 'Shorten', description: 'The first sentence.', tags: ['text'] }],
  idempotent: true,
  async *run({ text }) {
    yield /^[^.!?]*[.!?]?/.exec(text.trim())?.[0] ?? ''
  }
})

export const lead = defineAgent({
  id: 'my-agent',
  description: 'Says what a text is about and how long it is, with the help of others.',
  skills: [
    {
      id: 'my-agent.report',
      name: 'Report',
      description: 'First sentence and length of a text.',
      tags: ['text'],
      examples: ['Ants carry leaves. They carry them home.']
    }
  ],
  async *run({ text, ask }) {
    if (text.trim() === '') throw inputError('my-agent', 'there is no text')
    yield { type: 'progress', text: 'asking the others' }
    // At the same time, each wherever it is done best. What they fail with, this run fails with.
    const [first, words] = await Promise.all([ask(SHORTEN, text), ask(COUNT, text)])
    yield `${textOf(first)} (${textOf(words)} words)`
  }
})

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => part.text ?? '').join('')
}
