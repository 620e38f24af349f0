/** A small MCP server for tests, run as a child process; its argument says how it misbehaves. */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const [, , manner = 'good'] = process.argv

if (manner === 'dies') process.exit(3)
if (manner === 'floods') process.stdout.write('x'.repeat(9 * 1024 * 1024))

if (manner === 'starts') {
  const { pid } = spawn('sleep', ['600'], { stdio: 'ignore' })
  writeSync(2, `child ${pid}\n`)
}

writeSync(2, `started ${manner}\n`)

serveStdio(
  () => {
    const server = new McpServer({ name: 'test', version: '1.2.3' })
    server.registerTool(
      'shout',
      { description: 'Says it loudly.', inputSchema: z.object({ text: z.string() }) },
      async ({ text }) => ({ content: [{ type: 'text', text: text.toUpperCase() }] })
    )
    server.registerTool(
      'environment',
      { description: 'Names of its variables.', annotations: { readOnlyHint: true } },
      async () => ({
        content: [{ type: 'text', text: Object.keys(process.env).toSorted().join(' ') }]
      })
    )
    server.registerTool('die', { description: 'Ends the process.' }, async () => process.exit(1))
    server.registerTool('hang', { description: 'Never answers.' }, async ({ mcpReq }) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      mcpReq.signal.addEventListener('abort', () => {
        writeSync(2, 'cancelled\n')
        resolve()
      })
      const { _meta: meta } = mcpReq
      if (meta?.progressToken !== undefined) {
        const params = { progressToken: meta.progressToken, progress: 1, message: 'still there' }
        await mcpReq.notify({ method: 'notifications/progress', params })
      }
      await promise
      return { content: [] }
    })
    return server
  },
  { legacy: manner === 'modern' ? 'reject' : 'serve' }
)
