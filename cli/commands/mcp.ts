/** `lumos mcp`: MCP servers whose tools the agents of this node use, and this node as one. */
import type { McpServerSummary } from '../../client/mcp-api.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import type { Style } from '../style.ts'
import { paintState, renderServer } from '../mcp-server-view.ts'
import { oneLine, printable } from '../width.ts'
import { defineAdd } from './mcp-add.ts'
import { defineServe } from './mcp-serve.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos mcp', 'servers that this node uses, and how they are')
    .example('lumos mcp serve', 'what an editor or a chat runs to use the whole swarm')
    .example('lumos mcp add docs --url https://example.com/mcp', 'a server on the web')
    .example('lumos mcp add files -- npx -y @modelcontextprotocol/server-filesystem .', 'a program')
  defineList(command, cli)
  defineAdd(command, cli)
  defineShow(command, cli)
  defineRead(command, cli)
  definePrompt(command, cli)
  defineApprove(command, cli)
  defineRestart(command, cli)
  defineRemove(command, cli)
  defineServe(command, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('servers that this node uses')
    .example('lumos mcp ls', 'state, tools, restarts')
    .example('lumos mcp ls --json | jq -r ".servers[].name"', 'their names for a script')
    .action(async () => {
      const list = await cli.client().mcp.servers(cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.servers.length === 0) return cli.note('none: lumos mcp add NAME -- COMMAND')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli.out()), list.servers, context))
    })
}

function columns(style: Style): Column<McpServerSummary>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name, paint: (text) => style.strong(text) },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: (text, { state }) => paintState(text, state, style)
    },
    { title: 'TOOLS', cell: toolCount, align: 'right' },
    { title: 'RESTARTS', cell: ({ restarts }) => String(restarts), align: 'right' },
    { title: 'TARGET', cell: ({ reason, target }) => reason ?? target, elastic: true }
  ]
}

function toolCount({ tools, changed }: McpServerSummary): string {
  return changed === 0 ? String(tools) : `${tools} (${changed} changed)`
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one server: how it is, its tools, resources and prompts')
    .argument('<name>', 'as it was added')
    .example('lumos mcp show files', 'what it offers')
    .example(
      'lumos mcp show files --json | jq .server.offers.tools',
      'with the schemas of the tools'
    )
    .action(async (name: string) => {
      const document = await cli.client().mcp.server(name, cli.call())
      if (cli.flags.json) return cli.document(document)
      for (const line of renderServer(document.server, cli.out())) cli.print(line)
    })
}

function defineRead(command: LumosCommand, cli: Cli): void {
  command
    .command('read')
    .description('a resource of a server')
    .argument('<name>', 'of the server')
    .argument('<uri>', 'as `lumos mcp show` lists it, or made of a template')
    .example('lumos mcp read files file:///tmp/notes.txt', 'its text')
    .action(async (name: string, uri: string) => {
      const document = await cli.client().mcp.resource(name, uri, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { content } = document
      const { out } = cli.terminal
      const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2)
      out.write(`${out.isTerminal ? printable(text) : text}\n`)
    })
}

function definePrompt(command: LumosCommand, cli: Cli): void {
  command
    .command('prompt')
    .description('a prompt of a server, filled in')
    .argument('<name>', 'of the server')
    .argument('<prompt>', 'as `lumos mcp show` lists it')
    .argument('[values...]', 'name=value')
    .example('lumos mcp prompt docs summarize style=short', 'what a model would be told')
    .action(async (name: string, prompt: string, words: string[]) => {
      const values = Object.fromEntries(words.map(pairOf))
      const document = await cli.client().mcp.prompt(name, { prompt, values }, cli.call())
      if (cli.flags.json) return cli.document(document)
      const style = cli.out()
      for (const { role, text } of document.messages) {
        cli.print(style.faint(`${oneLine(role)}:`))
        cli.print(cli.terminal.out.isTerminal ? printable(text) : text)
      }
    })
}

function pairOf(word: string): [string, string] {
  const at = word.indexOf('=')
  if (at < 1) throw usage(`"${word}" is no name=value`)
  return [word.slice(0, at), word.slice(at + 1)]
}

function defineApprove(command: LumosCommand, cli: Cli): void {
  command
    .command('approve')
    .description('use tools that changed as they describe themselves now')
    .argument('<name>', 'of the server')
    .example('lumos mcp approve files', 'after reading what `lumos mcp show files` says')
    .action(async (name: string) => {
      const document = await cli.client().mcp.approve(name, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`${plural(document.server.tools, 'tool')} of ${name} can be used`)
    })
}

function defineRestart(command: LumosCommand, cli: Cli): void {
  command
    .command('restart')
    .description('connect anew, also one that died too often')
    .argument('<name>', 'of the server')
    .example('lumos mcp restart files', 'once its fault is mended')
    .action(async (name: string) => {
      const document = await cli.client().mcp.restart(name, cli.call())
      if (cli.flags.json) return cli.document(document)
      for (const line of renderServer(document.server, cli.out())) cli.print(line)
    })
}

function defineRemove(command: LumosCommand, cli: Cli): void {
  command
    .command('rm')
    .description('end a server and forget it')
    .argument('<name>', 'as it was added')
    .example('lumos mcp rm files', 'its tools are gone at once')
    .action(async (name: string) => {
      const document = await cli.client().mcp.remove(name, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`${oneLine(name)} is removed`)
    })
}
