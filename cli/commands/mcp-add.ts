/** `lumos mcp add`: makes of the command line what the daemon needs to reach a server. */
import { resolve } from 'node:path'
import type { McpEffect, McpServerInit } from '../../core/mcp-server.ts'
import { collect, durationFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { renderServer } from '../mcp-server-view.ts'

interface AddFlags {
  readonly url?: string
  readonly headerFile?: string
  readonly env?: readonly string[]
  readonly cwd?: string
  readonly effects?: string
  readonly agent?: boolean
  readonly callTimeout?: string
}

const EFFECTS: readonly McpEffect[] = ['read-private', 'network', 'write', 'execute']

export function defineAdd(command: LumosCommand, cli: Cli): void {
  command
    .command('add')
    .description('use a server, now and after restarts')
    .argument('<name>', 'lower case letters, digits, dashes; its tools become NAME_tool')
    .argument('[command...]', 'behind --: the program and its arguments')
    .option('--url <url>', 'a server that speaks Streamable HTTP')
    .option('--header-file <file>', 'lines "Name: value" for that server; they stay in the file')
    .option(
      '--env <name=value>',
      'for the program; env:VAR and file:PATH keep secrets out. May be repeated',
      collect
    )
    .option('--cwd <folder>', 'where the program runs; default: here')
    .option('--effects <list>', `what its tools do, by your word: ${EFFECTS.join(', ')}, or none`)
    .option('--agent', 'offer its tools to the whole swarm, as an agent of this name')
    .option('--call-timeout <duration>', 'how long one call may take; default 5m')
    .example(
      'lumos mcp add files -- npx -y @modelcontextprotocol/server-filesystem .',
      'this folder'
    )
    .example('lumos mcp add gh --env TOKEN=env:GITHUB_TOKEN -- github-mcp', 'with a secret')
    .example(
      'lumos mcp add docs --url https://mcp.example.com/mcp --header-file h.txt',
      'on the web'
    )
    .action(async (name: string, words: string[], flags: AddFlags) => {
      const request = { name, server: serverOf(words, flags) }
      const document = await cli.client().mcp.add(request, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { server } = document
      for (const line of renderServer(server, cli.out())) cli.print(line)
      if (server.state === 'starting') cli.note(`it is still starting: lumos mcp show ${name}`)
    })
}

function serverOf(words: readonly string[], flags: AddFlags): McpServerInit {
  const { url, headerFile, env, cwd = '.', effects, agent, callTimeout } = flags
  const [command, ...args] = words
  const traits = {
    ...(effects !== undefined && { effects: effectsOf(effects) }),
    ...(agent && { agent }),
    ...(callTimeout !== undefined && { callTimeoutMs: durationFlag(callTimeout) })
  }
  if (url !== undefined && command === undefined) {
    return { url, ...traits, ...(headerFile !== undefined && { headerFile: resolve(headerFile) }) }
  }
  if (url !== undefined || command === undefined) {
    const suggestion = 'lumos mcp add NAME -- COMMAND ARGS, or --url URL'
    throw usage('a server is a command or a URL', { suggestion })
  }
  return {
    command,
    args,
    cwd: resolve(cwd),
    ...traits,
    ...(env !== undefined && { env: Object.fromEntries(env.map(variableOf)) })
  }
}

function variableOf(text: string): [string, string] {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw usage(`"${text}" is no variable`, { suggestion: 'write NAME=VALUE or NAME=env:VAR' })
  }
  const path = /^file:(.+)$/.exec(value)?.[1]
  return [name, path === undefined ? value : `file:${resolve(path)}`]
}

function effectsOf(text: string): McpEffect[] {
  if (text === 'none') return []
  return text.split(',').map((word) => {
    const effect = EFFECTS.find((each) => each === word.trim())
    if (effect !== undefined) return effect
    throw usage(`"${word}" is no effect`, { suggestion: `one of ${EFFECTS.join(', ')}` })
  })
}
