/** What comes between a request and its answer. */
import { expect, test } from 'vitest'
import { A2A_VERSION } from '../../../../core/a2a.ts'
import { encode } from '../../../../protocols/a2a/codec.ts'
import { A2A_METHODS, SERVICE_PARAMETERS } from '../../../../protocols/a2a/constants.ts'
import { serveA2a } from '../../../../protocols/a2a/server.ts'
import type { RequestHandler, StreamHandler } from '../../../../protocols/session/session.ts'
import { say } from '../../../support/tasks.ts'

type Service = Parameters<typeof serveA2a>[1]

/** Calls as a session makes them; says which messages came to the service. */
function setup() {
  const requests = new Map<string, RequestHandler>()
  const streams = new Map<string, StreamHandler>()
  const came: string[] = []
  const task = { id: 'task', contextId: 'context', status: { state: 'TASK_STATE_SUBMITTED' } }
  const service = {
    async sendMessage() {
      came.push('request')
      return { task }
    },
    async *sendStreamingMessage() {
      came.push('stream')
      yield { task }
    }
  }
  serveA2a(
    {
      request: (method, handler) => void requests.set(method, handler),
      stream: (method, handler) => void streams.set(method, handler)
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is called of it
    service as unknown as Service
  )
  const stopping = new AbortController()
  const context = {
    peer: 'caller',
    headers: { [SERVICE_PARAMETERS.version]: A2A_VERSION },
    signal: stopping.signal,
    remainingMs: () => Infinity
  }
  const calls = {
    request: async (body: Uint8Array) => requests.get(A2A_METHODS.sendMessage)?.(body, context),
    stream: (body: Uint8Array) =>
      Array.fromAsync(streams.get(A2A_METHODS.sendStreamingMessage)?.(body, context) ?? [])
  }
  return { calls, came, stopping }
}

const large = encode({
  message: say('much', { parts: [{ text: 'x'.repeat(2 * 1024 * 1024) }] })
})

test.each(['request', 'stream'] as const)(
  'a large %s that is cancelled while others have their turn comes to nothing',
  async (kind) => {
    const { calls, came, stopping } = setup()
    const answer = calls[kind](large)
    stopping.abort(new Error('cancelled'))
    await expect(answer).rejects.toThrow('cancelled')
    expect(came).toEqual([])
    const other = setup()
    await other.calls[kind](large)
    expect(other.came).toEqual([kind])
  }
)
