/** `/v1/live` over real sockets for the tests beside this: two credentials, calls of every kind, a clock that is moved by hand. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { silentLogger } from '../../core/logger.ts'
import { createLiveDoor } from '../../gateway/live/door.ts'
import type { LiveDoorInit } from '../../gateway/live/door.ts'
import type { LiveMethod } from '../../gateway/live/live-calls.ts'
import { openLiveSocket } from './live-socket.ts'
import type { LiveSocketInit } from './live-socket.ts'
import { ManualClock } from './manual-clock.ts'

export const TOKEN = 'lumos_right'
export const OTHER_TOKEN = 'lumos_other'
export const HELLO = { hello: { v: 1, token: TOKEN } }
const PIECE = 'x'.repeat(64 * 1024)

const none = (): [] => []

function methods() {
  const pulled = { pieces: 0, left: 0 }
  const calls: Record<string, LiveMethod> = {
    echo: { kind: 'document', needs: none, answer: async (params) => params },
    fail: {
      kind: 'document',
      needs: none,
      answer: async () => {
        throw new LumosError('TASK_NOT_FOUND')
      }
    },
    secret: { kind: 'document', needs: () => [['control.write', 'all']], answer: async () => ({}) },
    count: {
      kind: 'stream',
      needs: none,
      async *answer({ to }, { after }) {
        for (let at = Number(after ?? 0) + 1; at <= Number(to); at += 1) {
          yield { event: { at }, place: String(at) }
        }
      }
    },
    flood: {
      kind: 'stream',
      needs: none,
      async *answer(_, { after }) {
        for (let at = Number(after ?? 0) + 1; ; at += 1) {
          pulled.pieces += 1
          yield { event: { at, text: PIECE }, place: String(at) }
        }
      }
    },
    wait: {
      kind: 'stream',
      needs: none,
      async *answer(_, { signal }) {
        yield { event: { begun: true }, place: '0' }
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        pulled.left += 1
      }
    }
  }
  return { calls: new Map(Object.entries(calls)), pulled }
}

export async function openDoor(init?: LiveDoorInit) {
  const clock = new ManualClock()
  const stopping = new AbortController()
  const owners = new Map([
    [TOKEN, 'http:a'],
    [OTHER_TOKEN, 'http:b']
  ])
  /** What somebody hears who fails to come in. */
  const refusal = { code: 'API_TOKEN_REFUSED' as ErrorCode }
  /** How many credentials were looked at, and until when that takes. */
  const looking = { begun: 0, done: Promise.resolve() }
  const { calls, pulled } = methods()
  const door = createLiveDoor(
    {
      clock,
      logger: silentLogger,
      node: () => 'birch',
      calls,
      callers: {
        admit({ headers }) {
          if (headers.origin === undefined) return undefined
          throw new LumosError('ORIGIN_REFUSED', { details: { origin: headers.origin } })
        },
        async identify({ headers }) {
          looking.begun += 1
          await looking.done
          const token = headers.authorization?.replace('Bearer ', '') ?? ''
          const owner = owners.get(token)
          if (owner === undefined) throw new LumosError(refusal.code)
          return { who: owner, owner, scopes: [] }
        },
        answering: () => () => undefined,
        permit(_, operation) {
          throw new LumosError('FORBIDDEN', { details: { operation, reason: 'scope' } })
        }
      }
    },
    init
  )
  const server = createServer()
  server.on('upgrade', (incoming, socket, head) => {
    door({ path: incoming.url ?? '', incoming, socket, head, signal: stopping.signal })
  })
  const url = await listen(server)
  onTestFinished(async () => {
    stopping.abort()
    await clock.advance(LIMITS.gatewayDrain.value)
    await new Promise((resolve) => void server.close(resolve))
    expect(clock.pending).toBe(0)
  })
  async function open(shown?: LiveSocketInit) {
    const live = await openLiveSocket(url, shown)
    onTestFinished(() => live.socket.terminate())
    return live
  }
  async function greet() {
    const live = await open()
    live.say(HELLO)
    return { ...live, welcome: await live.hear() }
  }
  return { clock, stopping, owners, refusal, looking, pulled, open, greet }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
