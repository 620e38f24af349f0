/** Clients over HTTP: of OpenAI, of A2A, and such that hold a WebSocket. */
import { randomUUID } from 'node:crypto'
import { createClient } from '../../client/client.ts'
import type { Door, SoakNode } from './node.ts'
import { insist, NobodyThere, type Kinds } from './world.ts'

const HELLO = 'hello, swarm, how are you today?'

export const DOOR_KINDS: Kinds = {
  completion: {
    perSecond: 0.6,
    run: async ({ node }) => {
      const body = { model: 'echo', messages: [{ role: 'user', content: HELLO }] }
      insist((await post(node(), '/v1/chat/completions', body)).includes(HELLO), 'another answer')
    }
  },
  completionStreamed: {
    perSecond: 0.4,
    run: async ({ node }) => {
      const messages = [{ role: 'user', content: HELLO }]
      const body = { model: 'echo', stream: true, messages }
      insist((await post(node(), '/v1/chat/completions', body)).includes('[DONE]'), 'no end')
    }
  },
  a2aSend: {
    perSecond: 0.6,
    run: async ({ node }) => {
      const answer = await post(node(), '/agents/echo/message:send', message())
      insist(answer.includes('TASK_STATE_COMPLETED'), 'it did not complete')
    }
  },
  a2aStream: {
    perSecond: 0.3,
    run: async ({ node }) => {
      const answer = await post(node(), '/agents/echo/message:stream', message())
      insist(answer.includes('TASK_STATE_COMPLETED'), 'it did not complete')
    }
  },
  socket: {
    perSecond: 0.1,
    run: async ({ node, signal }) => {
      const live = createClient(doorOf(node())).live()
      try {
        let state: string | undefined
        for await (const { event } of live.send('echo', HELLO, { signal })) {
          state = event.statusUpdate?.status.state ?? event.task?.status.state ?? state
        }
        insist(state === 'TASK_STATE_COMPLETED', state ?? 'no state')
      } finally {
        live.close()
      }
    }
  }
}

function message() {
  const parts = [{ text: HELLO }]
  return { message: { messageId: randomUUID(), role: 'ROLE_USER', parts } }
}

function doorOf({ door }: SoakNode): Door {
  if (door === undefined) throw new NobodyThere()
  return door
}

async function post(node: SoakNode, path: string, body: object): Promise<string> {
  const { url, token } = doorOf(node)
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000)
  })
  const text = await response.text()
  insist(response.ok, `HTTP ${response.status}: ${text.slice(0, 200)}`)
  return text
}
