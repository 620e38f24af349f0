/** How many sessions of MCP there are when many begin at the same time. */
import { Server } from '@modelcontextprotocol/server'
import { expect, onTestFinished, test } from 'vitest'
import { toLumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { createMcpSessions } from '../../../../gateway/mcp/http-sessions.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { GREETING } from '../../../support/mcp-http.ts'

/** Servers are ready when the test says so. */
function setup() {
  const ready = Promise.withResolvers<void>()
  const sessions = createMcpSessions({
    clock: new ManualClock(),
    async createServer() {
      await ready.promise
      return new Server({ name: 'test', version: '0' }, { capabilities: {} })
    }
  })
  onTestFinished(() => sessions.close())
  const headers = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json'
  }
  const greet = (who: string): Promise<string> => {
    const body = JSON.stringify(GREETING)
    const request = new Request('http://localhost/mcp', { method: 'POST', headers, body })
    const caller = { who, owner: who, scopes: [] }
    return sessions.answer(request, caller, GREETING).then(
      (answer) => String(answer.status),
      (error: unknown) => toLumosError(error).code
    )
  }
  return { ready, greet }
}

test('who greets many times at once has no more sessions than one after the other', async () => {
  const { ready, greet } = setup()
  const most = LIMITS.mcpCallerSessions.value
  const greetings = Array.from({ length: most + 3 }, () => greet('ann'))
  const other = greet('bob')
  ready.resolve()
  const answers = await Promise.all(greetings)
  expect(answers.filter((answer) => answer === '200')).toHaveLength(most)
  expect(answers.filter((answer) => answer === 'OVERLOADED')).toHaveLength(3)
  expect(await other).toBe('200')
})

test('nor have many who greet at once more than the node serves', async () => {
  const { ready, greet } = setup()
  const most = LIMITS.mcpSessions.value
  const greetings = Array.from({ length: most + 3 }, (_, index) => greet(`caller-${index}`))
  ready.resolve()
  const answers = await Promise.all(greetings)
  expect(answers.filter((answer) => answer === '200')).toHaveLength(most)
})
