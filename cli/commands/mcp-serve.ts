/** `lumos mcp serve`: this node as an MCP server, for editors, chats and other programs. */
import { openMcpStream } from '../../client/mcp-bridge.ts'
import { countFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

interface ServeFlags {
  readonly http?: boolean
  readonly port?: string
}

export function defineServe(command: LumosCommand, cli: Cli): void {
  command
    .command('serve')
    .description("offer the swarm's agents as MCP tools and its memory as resources")
    .option('--http', 'over Streamable HTTP on this machine; else on stdin and stdout')
    .option('--port <port>', 'with --http; default: any free one')
    .example('lumos mcp serve', 'the command in the MCP configuration of an editor or a chat')
    .example('lumos mcp serve --http --port 5870', 'until Ctrl-C, for clients that want a URL')
    .action(async ({ http, port }: ServeFlags) => {
      if (http !== true && port === undefined) return serveStdio(cli)
      await serveHttp(cli, port === undefined ? 0 : countFlag(port, 0))
    })
}

/** Nothing but MCP may stand on stdout. */
async function serveStdio(cli: Cli): Promise<void> {
  const { socket, profile } = cli.paths()
  const stream = await openMcpStream({ socket, profile }, cli.signal)
  cli.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  await cli.terminal.connect(stream)
}

async function serveHttp(cli: Cli, port: number): Promise<void> {
  await cli.terminal.watchReader()
  for await (const serving of cli.client().mcp.serve({ port }, cli.call())) {
    if (cli.flags.json) cli.line(serving)
    else {
      cli.print(serving.url)
      cli.note(`every request needs the token in ${serving.tokenFile}: Authorization: Bearer …`)
      cli.note('until Ctrl-C')
    }
  }
}
