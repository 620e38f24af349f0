/** Talks to the server as any MCP client does: as a process, over its standard streams. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

test('counts the words of a text', async () => {
  const client = new Client({ name: 'test', version: '0.1.0' })
  const args = [`${import.meta.dirname}/server.ts`]
  await client.connect(new StdioClientTransport({ command: process.execPath, args }))
  try {
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['word_count']
    )
    const text = 'to be or not to be'
    const result = await client.callTool({ name: 'word_count', arguments: { text } })
    assert.deepEqual(result.structuredContent, { words: 6 })
  } finally {
    await client.close()
  }
})
