/**
 * The tools of an MCP server, used by a node that has never heard of it: its neighbour runs the server.
 *
 * Run: `node examples/mcp.ts` in a checkout (outside of one, import from 'lumos-mesh').
 */
import { join } from 'node:path'
import { startTestSwarm } from '../node/testing.ts'

// Any server on stdio or HTTP; this is the one that `lumos new --template mcp` makes.
const server = join(import.meta.dirname, '../templates/mcp/server.ts')

await using swarm = await startTestSwarm({
  host: { mcp: { servers: { words: { command: process.execPath, args: [server], agent: true } } } },
  guest: {}
})

// The server starts beside the node: its skills are known a moment later.
while ((await swarm.guest.find('words.word_count')).providers.length === 0) {
  await new Promise((resolve) => setTimeout(resolve, 50))
}
const { agents } = await swarm.guest.agents()
const words = agents.find(({ id }) => id === 'words')
console.log(`${words?.id}@${words?.node.name}: ${words?.skills.map(({ id }) => id).join(', ')}`)
console.log(await swarm.guest.ask('words', 'word_count {"text": "to be or not to be"}'))
