/** What a connection does with the answers of a server. */
import { InMemoryTransport } from '@modelcontextprotocol/client'
import { Server } from '@modelcontextprotocol/server'
import { expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../../../../agents/mcp/connection.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { recordingLogger } from '../../../support/mcp-client.ts'

const { signal } = new AbortController()

/** Connected with a server whose only tool gives `answer`, said to be as `outputSchema` has it. */
async function setup(outputSchema: object, answer: Record<string, unknown>) {
  const [here, there] = InMemoryTransport.createLinkedPair()
  const server = new Server({ name: 'test', version: '1' }, { capabilities: { tools: {} } })
  const tool = { name: 'a', inputSchema: { type: 'object' as const } }
  server.setRequestHandler('tools/list', () => ({
    tools: [{ ...tool, outputSchema: { type: 'object' as const, ...outputSchema } }]
  }))
  server.setRequestHandler('tools/call', () => ({ content: [], structuredContent: answer }))
  await server.connect(there)
  const connection = await openConnection(
    { clock: new ManualClock(), logger: recordingLogger().logger },
    {
      link: { transport: here, ended: new Promise(() => {}), mustAsk: false },
      negotiate: false,
      version: '0.0.0',
      onListChanged: () => {}
    },
    signal
  )
  onTestFinished(() => connection.close())
  return connection
}

test('no regular expression of a server runs here on what it answers', async () => {
  const q = 'tell me what the weather in Rome will be?'
  const properties = { q: { type: 'string', pattern: String.raw`^(\w+\s?)+$` } }
  const connection = await setup({ properties }, { q })
  await connection.list(signal)
  const result = await connection.callTool({ tool: 'a', input: {}, signal })
  expect(result.structuredContent).toEqual({ q })
})
