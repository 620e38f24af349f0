/** `lumos mcp serve`: this node as an MCP server, for editors, chats and other programs. */
import { openMcpStream } from '../../client/mcp-bridge.ts'
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

export function defineServe(command: LumosCommand, cli: Cli): void {
  command
    .command('serve')
    .description("offer the swarm's agents as MCP tools and its memory as resources")
    .option('--http', 'print where the node serves it over Streamable HTTP')
    .example('lumos mcp serve', 'the command in the MCP configuration of an editor or a chat')
    .example('lumos mcp serve --http', 'for clients that want a URL, and how they come in')
    .action(async ({ http }: { readonly http?: boolean }) => {
      if (http === true) await showUrl(cli)
      else await serveStdio(cli)
    })
}

/** Nothing but MCP may stand on stdout. */
async function serveStdio(cli: Cli): Promise<void> {
  const { socket, profile } = cli.paths()
  const stream = await openMcpStream({ socket, profile }, cli.signal)
  cli.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  await cli.terminal.connect(stream)
}

async function showUrl(cli: Cli): Promise<void> {
  const { gateway } = await cli.client().status(cli.call())
  if (gateway === null) throw new LumosError('GATEWAY_CLOSED')
  const url = `${gateway.url}/mcp`
  if (cli.flags.json) return cli.document({ v: 1, url })
  cli.print(url)
  cli.note('every request needs a token: lumos auth token create --name NAME')
  cli.note('and shows it: Authorization: Bearer TOKEN')
}
