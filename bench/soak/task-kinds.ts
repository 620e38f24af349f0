/** Tasks of all kinds, asked for over the control socket as `lumos run` does. */
import type { RunEvent, RunRequest } from '../../client/api.ts'
import { textOf } from '../../core/a2a.ts'
import { fromWireError } from '../../core/errors.ts'
import type { SoakNode } from './node.ts'
import { insist, type Kinds } from './world.ts'

const SENTENCE = 'the quick brown fox jumps over the lazy dog and home again '
const QUICK = SENTENCE.repeat(4)
const LONG = SENTENCE.repeat(20)
const LARGE = SENTENCE.repeat(18_000)
const DOCUMENT = `${'The sea is wide. A boat sails on it, and nobody steers. '.repeat(60)}\n`
const TASK_MS = 30_000
/** Threads that go on for the whole time. */
const THREADS = 16

export const TASK_KINDS: Kinds = {
  quick: {
    perSecond: 5,
    run: async ({ node }) => {
      const answer = await answerOf(node(), { target: 'echo', text: QUICK, where: 'remote' })
      insist(answer === QUICK, 'another answer')
    }
  },
  streamed: {
    perSecond: 1.5,
    run: async ({ node }) => {
      const [caller, worker] = [node(), node()]
      const answer = await answerOf(caller, { target: 'echo', text: LONG, to: worker.name })
      insist(answer === LONG, 'another answer')
    }
  },
  large: {
    perSecond: 0.1,
    run: async ({ node }) => {
      const [caller, worker] = [node(), node()]
      const answer = await answerOf(caller, { target: 'echo', text: LARGE, to: worker.name })
      insist(answer === LARGE, 'another answer')
    }
  },
  calculated: {
    perSecond: 0.3,
    run: async ({ node, random }) => {
      const number = Math.floor(random.next() * 1000)
      const answer = await answerOf(node(), {
        target: '@calc',
        text: `${number} * 2`,
        where: 'any'
      })
      insist(answer.includes(String(number * 2)), `${number} * 2 is not ${answer}`)
    }
  },
  summarized: {
    perSecond: 0.1,
    run: ({ node }) => answerOf(node(), { target: '@summarize', text: DOCUMENT, where: 'any' })
  },
  cancelled: {
    perSecond: 0.4,
    run: async ({ node }) => {
      const { client } = node()
      let state = 'none'
      for await (const event of client.run(order({ target: '@tortoise', text: 'go' }))) {
        if (event.type === 'accepted') setTimeout(() => void cancel(client, event.task.id), 500)
        if (event.type === 'result') state = event.task.state
      }
      insist(state === 'TASK_STATE_CANCELED', state)
    }
  },
  left: {
    perSecond: 0.2,
    run: async ({ node }) => {
      const request = order({ target: '@tortoise', text: 'go', cancelOnDisconnect: true })
      for await (const event of node().client.run(request)) if (event.type === 'artifact') break
    }
  },
  asked: {
    perSecond: 0.3,
    run: async ({ node }) => {
      const { client } = node()
      let id = ''
      let answer = ''
      for await (const event of client.run(order({ target: '@asker', text: 'go' }))) {
        if (event.type === 'accepted') id = event.task.id
        if (event.type === 'input-required') await client.answer(id, { text: 'that one' })
        if (event.type === 'result') answer = resultOf(event)
      }
      insist(answer === 'it is that one', answer)
    }
  },
  several: {
    perSecond: 0.1,
    run: ({ node }) =>
      answerOf(node(), { target: '@echo', text: QUICK, ensemble: { peers: 3, take: 'majority' } })
  },
  chat: {
    perSecond: 0.3,
    run: ({ node, random }) => {
      const contextId = `soak-${Math.floor(random.next() * THREADS)}`
      return answerOf(node(), { target: '@chat', text: '!tokens 20', contextId, where: 'any' })
    }
  }
}

async function cancel(client: SoakNode['client'], id: string): Promise<void> {
  // The story of the task says what became of it.
  await client.cancel(id).catch(() => undefined)
}

async function answerOf(caller: SoakNode, request: RunRequest): Promise<string> {
  for await (const event of caller.client.run(order(request))) {
    if (event.type === 'result') return resultOf(event)
  }
  throw new Error('the story had no end')
}

function order(request: RunRequest): RunRequest {
  return { timeoutMs: TASK_MS, ...request }
}

function resultOf({ task, error }: Extract<RunEvent, { type: 'result' }>): string {
  if (error !== undefined) throw fromWireError(error)
  insist(task.state === 'TASK_STATE_COMPLETED', task.state)
  return task.artifacts.map(({ parts }) => textOf(parts)).join('')
}
