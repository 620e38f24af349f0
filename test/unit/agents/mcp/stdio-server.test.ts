/** Programs that speak MCP: started, asked, cancelled, killed and started again; with real processes. */
import { readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import type { McpConnection } from '../../../../agents/mcp/connection.ts'
import type { SupervisedServer } from '../../../../agents/mcp/supervised-server.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { reached, superviseProgram, testProgram } from '../../../support/mcp-client.ts'
import { PATIENCE } from '../../../support/patience.ts'

const never = new AbortController().signal

function call(
  server: SupervisedServer,
  tool: string,
  { input = {}, signal = never, timeoutMs = 60_000 } = {}
): Promise<string> {
  return server.ask({
    signal,
    timeoutMs,
    async use(connection: McpConnection, each) {
      const { content } = await connection.callTool({ tool, input, signal: each })
      return content.map((block) => (block.type === 'text' ? block.text : block.type)).join()
    }
  })
}

test('a program is greeted, asked, and gone after the stop', async () => {
  const { server } = superviseProgram(testProgram())
  await server.start()
  expect(await call(server, 'shout', { input: { text: 'hello' } })).toBe('HELLO')
  const { greeting } = server.status()
  expect(greeting).toMatchObject({ server: 'test', version: '1.2.3', protocol: '2025-11-25' })
  expect(server.listing().tools.map(({ name }) => name)).toEqual([
    'shout',
    'environment',
    'die',
    'hang'
  ])
  await server.stop()
  expect(server.status().state).toBe('stopped')
  expect(() => process.kill(greeting?.pid ?? 0, 0)).toThrow('ESRCH')
  await expect(call(server, 'shout')).rejects.toMatchObject({ code: 'MCP_SERVER_DOWN' })
})

test('a program that knows only newer revisions is spoken to in theirs', async () => {
  const { server } = superviseProgram(testProgram('modern'))
  await server.start()
  expect(await call(server, 'shout', { input: { text: 'hello' } })).toBe('HELLO')
  expect(server.status().greeting?.protocol).toBe('2026-07-28')
})

test('of the variables of the daemon a program has three, and those that are named', async () => {
  const environment = { ...process.env, LANG: 'C', SECRET: 'x', OTHER: 'y' }
  const init = testProgram('good', { env: { TOKEN: 'env:SECRET', MODE: 'test' } })
  const { server } = superviseProgram(init, { environment })
  await server.start()
  expect(await call(server, 'environment')).toBe('HOME LANG MODE PATH TOKEN')
})

test('a program that dies at work is started again, and what waits for it is answered', async () => {
  const { server } = superviseProgram(testProgram())
  await server.start()
  await reached(server, 'ready')
  const before = server.status().greeting?.pid
  await expect(call(server, 'die')).rejects.toMatchObject({ code: 'MCP_SERVER_DOWN' })
  expect(await call(server, 'shout', { input: { text: 'again' } })).toBe('AGAIN')
  expect(server.status()).toMatchObject({ state: 'ready', restarts: 1 })
  expect(server.status().greeting?.pid).not.toBe(before)
})

test('what a program has started ends with it, however it ended', async () => {
  const { server, lines } = superviseProgram(testProgram('starts'))
  await server.start()
  await reached(server, 'ready')
  const pid = await vi.waitUntil(
    () => lines.map(({ message }) => /^child (\d+)$/.exec(message)?.[1]).find(Boolean),
    PATIENCE
  )
  expect(await isAlive(pid)).toBe(true)
  process.kill(server.status().greeting?.pid ?? 0, 'SIGKILL')
  await expect.poll(() => isAlive(pid)).toBe(false)
})

/** A zombie is not: nobody may have asked how it ended. */
async function isAlive(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) [^ZX] /.test(status)
}

test('a cancelled call is told to the server', async () => {
  const { server, lines } = superviseProgram(testProgram())
  await server.start()
  await reached(server, 'ready')
  const cancelled = new AbortController()
  const answer = call(server, 'hang', { signal: cancelled.signal })
  // Answered behind it on the same pipe: the call has arrived.
  await call(server, 'shout', { input: { text: 'x' } })
  cancelled.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  await call(server, 'shout', { input: { text: 'x' } })
  await expect.poll(() => lines.map(({ message }) => message)).toContain('cancelled')
})

test('a call has a deadline', async () => {
  const { server } = superviseProgram(testProgram())
  await server.start()
  await reached(server, 'ready')
  await expect(call(server, 'hang', { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'TIMED_OUT',
    details: { timeoutMs: 50 }
  })
})

test('what a program writes to stderr is in the log', async () => {
  const { server, lines } = superviseProgram(testProgram())
  await server.start()
  await reached(server, 'ready')
  await expect
    .poll(() => lines)
    .toContainEqual(expect.objectContaining({ level: 'info', message: 'started good' }))
})

test('a program that writes without an end is ended', async () => {
  const { server } = superviseProgram(testProgram('floods'))
  await server.start()
  await reached(server, 'waiting')
  const limit = LIMITS.mcpMessageBytes.value
  expect(server.status().reason).toBe(`it sent more than ${limit} bytes without an end`)
})

test('a program that is not there is said to be missing', async () => {
  const { server } = superviseProgram({ command: 'no-such-program-of-mcp' })
  await server.start()
  await reached(server, 'waiting')
  expect(server.status().reason).toBe('its command, or the folder it is to run in, is not there')
})
