/** An MCP server on stdio: its tools become tools of the node, and skills for the swarm. */
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const server = new McpServer({ name: 'my-agent', version: '0.1.0' })

server.registerTool(
  'word_count',
  {
    description: 'Counts the words of a text.',
    inputSchema: z.object({ text: z.string().min(1) }),
    outputSchema: z.object({ words: z.int() }),
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false }
  },
  ({ text }) => {
    const words = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
    return { content: [{ type: 'text', text: String(words) }], structuredContent: { words } }
  }
)

// Standard output belongs to the protocol: print to standard error.
await server.connect(new StdioServerTransport())
