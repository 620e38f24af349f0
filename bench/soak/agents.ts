/** What some nodes of the soak host in a process of its own: agents that take their time, ask back, and keep blobs. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { callerTexts, defineAgent, inputRequired } from '../../index.ts'

const PIECES = 40
const PIECE_MS = 100
const BLOB_BYTES = 300_000

/** Four seconds, so that there is something to cancel. */
export const tortoise = defineAgent({
  id: 'tortoise',
  description: 'Takes its time.',
  skills: [{ id: 'walk', name: 'Walk', description: 'Walks slowly.', tags: ['slow'] }],
  async *run({ signal }) {
    for (let piece = 0; piece < PIECES; piece += 1) {
      await delay(PIECE_MS, undefined, { signal })
      yield `${piece} `
    }
  }
})

export const asker = defineAgent({
  id: 'asker',
  description: 'Asks back once.',
  skills: [{ id: 'ask.back', name: 'Ask back', description: 'Asks back.', tags: ['question'] }],
  async *run(request) {
    const [, answer] = callerTexts(request)
    if (answer === undefined) yield inputRequired('Which?')
    else yield `it is ${answer}`
  }
})

/** A blob under a name, which any node that hosts this agent can read. */
export const keeper = defineAgent({
  id: 'keeper',
  description: 'Keeps blobs.',
  skills: [{ id: 'keep', name: 'Keep', description: 'Keeps and reads blobs.', tags: ['blob'] }],
  async *run({ text, memory, signal }) {
    const [what = '', name = ''] = text.split(' ')
    const space = memory.space()
    if (what === 'put') {
      const blob = await memory.blobs.put(randomBytes(BLOB_BYTES))
      await space.put(`blobs/${name}`, blob)
      yield 'kept'
      return
    }
    const fact = await space.get(`blobs/${name}`)
    let bytes = 0
    if (fact !== undefined) {
      for await (const piece of memory.blobs.get(fact.value, signal)) bytes += piece.length
    }
    yield `${bytes} bytes`
  }
})
