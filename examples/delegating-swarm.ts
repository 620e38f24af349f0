/**
 * Three nodes: an editor that has others do the work, and two scouts of whom the better one is asked.
 *
 * Run: `node examples/delegating-swarm.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { defineAgent, inputError, type Part } from '../index.ts'
import { startTestSwarm } from '../node/testing.ts'

const FACTS: Readonly<Record<string, string>> = {
  rome: 'Rome has the Forum',
  oslo: 'Oslo has the fjord'
}

/** The same agent on several nodes: whoever is free does the work. */
function scout() {
  return defineAgent({
    id: 'scout',
    description: 'Knows cities.',
    skills: [{ id: 'city.look', name: 'Look', description: 'One fact of a city.', tags: ['city'] }],
    idempotent: true,
    async *run({ text }) {
      const fact = FACTS[text.toLowerCase()]
      if (fact === undefined) throw inputError('scout', `nobody has been to ${text}`)
      yield fact
    }
  })
}

const editor = defineAgent({
  id: 'editor',
  description: 'Writes about cities it has never seen.',
  skills: [{ id: 'guide', name: 'Guide', description: 'A guide to cities.', tags: ['city'] }],
  async *run({ text, ask }) {
    const cities = text.split(',').map((city) => city.trim())
    yield { type: 'progress', text: `asking for ${cities.length} cities at once` }
    const facts = await Promise.allSettled(cities.map((city) => ask('city.look', city)))
    for (const [index, fact] of facts.entries()) {
      yield fact.status === 'fulfilled'
        ? `${textOf(fact.value)}.\n`
        : `Of ${cities[index]} nothing is known.\n`
    }
  }
})

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => part.text ?? '').join('')
}

await using swarm = await startTestSwarm({
  anna: { agents: [scout()] },
  bert: { agents: [scout()] },
  desk: { agents: [editor] }
})
console.log((await swarm.desk.ask('guide', 'Rome, Oslo, Atlantis')).trimEnd())
const done = await Promise.all([swarm.anna.status(), swarm.bert.status()])
const [anna = 0, bert = 0] = done.map(({ tasks }) => tasks.completed + tasks.failed)
console.log(`anna and bert did ${anna + bert} of 3 tasks`)
