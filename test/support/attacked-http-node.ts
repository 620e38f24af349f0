/** A node whose doors over HTTP are met with bytes that no client of ours sends, and which has to be well afterwards. */
import { expect, vi } from 'vitest'
import { testAgent } from './a2a-nodes.ts'
import { startHttpNode } from './http-gateway.ts'
import { recordingLogger } from './mcp-client.ts'
import { PATIENCE } from './patience.ts'
import { answerIn, createRawHttp } from './raw-http.ts'
import type { RawHttp } from './raw-http.ts'

export interface Post {
  readonly path?: string
  readonly method?: string
  readonly version?: string
  /** `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
}

export interface HeardAnswer {
  readonly status: number
  /** As they came. */
  readonly headers: string
  readonly body: string
  /** The body, where it is a document. */
  readonly document: unknown
}

/** Neither a place in our code, nor a path of this machine, nor a token. */
export const LEAKS = /node_modules|\.ts\b|\n\s+at |\/tmp\/|\/home\/|lumos_[0-9a-f]{16}_/

const echo = testAgent('echo', async function* ({ text }) {
  yield text
})

export async function startAttackedNode() {
  const { logger, lines } = recordingLogger()
  const node = await startHttpNode([echo], { logger })
  const token = await node.token()
  const raw: RawHttp = createRawHttp(node.url)

  /** A request with all that is asked for; `headers` come on top or take the place of others. */
  function bytes({ path = '/agents/echo', method = 'POST', version = 'HTTP/1.1', ...rest }: Post) {
    const body = Buffer.from(rest.body ?? '')
    const headers = {
      Host: '127.0.0.1',
      Authorization: `Bearer ${token}`,
      Accept: 'application/json, text/event-stream',
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      ...rest.headers
    }
    const told = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}\r\n`]
    )
    return Buffer.concat([
      Buffer.from(`${method} ${path} ${version}\r\n${told.join('')}\r\n`),
      body
    ])
  }

  async function ask(post: Post): Promise<HeardAnswer> {
    const heard = await raw.say(bytes(post))
    expect(heard).not.toMatch(LEAKS)
    const answer = answerIn(heard)
    const isDocument = answer.body.startsWith('{')
    return { ...answer, document: isDocument ? JSON.parse(answer.body) : undefined }
  }

  async function callHonestly(): Promise<void> {
    const { document } = await ask({ path: '/agents/echo/message:send', body: messageOf('well?') })
    expect(document).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } })
  }

  await callHonestly()
  const before = sockets()
  return {
    node,
    token,
    raw,
    bytes,
    ask,
    /** Checks that the node is well: it answers, no connection stayed open, its log tells no secret. */
    async stop(): Promise<void> {
      await callHonestly()
      await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), PATIENCE)
      // The secret is all that comes after the id, and may itself have such a sign in it.
      expect(JSON.stringify(lines)).not.toContain(token.split('_').slice(2).join('_'))
      // What others send is no error of this node.
      expect(lines.filter(({ level }) => level === 'error')).toEqual([])
      await node.stop()
    }
  }
}

export type AttackedNode = Awaited<ReturnType<typeof startAttackedNode>>

export function messageOf(text: string): string {
  const messageId = crypto.randomUUID()
  return JSON.stringify({ message: { messageId, role: 'ROLE_USER', parts: [{ text }] } })
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}
