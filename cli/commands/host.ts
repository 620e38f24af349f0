/** `lumos host`: agents that were made with other frameworks, as agents of this node. */
import { resolve } from 'node:path'
import type {
  HostDocument,
  HostState,
  HostSummary,
  RemovedHostDocument
} from '../../client/hosting-api.ts'
import { countFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { bytes, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { variableOptions, variablesOf } from '../project-variables.ts'
import type { VariableFlags } from '../project-variables.ts'
import { oneLine, padEnd } from '../width.ts'

const MIB = 1024 * 1024

interface AddFlags extends VariableFlags {
  readonly name?: string
  readonly memory?: string
  readonly once?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos host . --env OPENAI_API_KEY', 'the Mastra project in this folder')
    .example('lumos host agent.ts', 'agents that a module exports')
    .example('lumos host ls', 'what is hosted, and how it is')
  defineAdd(command, cli)
  defineList(command, cli)
  defineShow(command, cli)
  defineRemove(command, cli)
  defineRestart(command, cli)
}

function defineAdd(command: LumosCommand, cli: Cli): void {
  variableOptions(command.command('add', { isDefault: true }))
    .description('host the agents of a file, a folder or a program')
    .argument('<path>', 'a module, a project, or anything executable that speaks the protocol')
    .option('--name <name>', 'what it is called here; default: as the project is')
    .option('--memory <mb>', 'megabytes its process may use; default 1024')
    .option('--once', 'not again after a restart of the node')
    .example('lumos host .', 'Mastra, AI SDK, OpenAI Agents SDK, LangGraph or plain functions')
    .example('lumos host ./agent.py --name painter', 'a program that reads and writes JSON lines')
    .example('lumos host src/mastra --env-file .env', 'with its keys')
    .action(async (path: string, flags: AddFlags) => {
      const { name, memory, once } = flags
      const request = {
        path: resolve(path),
        env: variablesOf(flags, cli.env()),
        ...(name !== undefined && { name }),
        ...(memory !== undefined && { memoryBytes: countFlag(memory, 64) * MIB }),
        ...(once && { once })
      }
      const document = await cli.client().hosts.add(request, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { host } = document
      cli.print(`${host.name} runs with ${plural(host.agents.length, 'agent')}:`)
      for (const agent of host.agents) cli.print(`  ${cli.out().strong(agent)}`)
      const [first] = host.agents
      if (first !== undefined) cli.note(`try it: lumos run ${first} "hello"`)
    })
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls')
    .description('what is hosted, and how it is')
    .example('lumos host ls', 'a line each')
    .example('lumos host ls --json | jq -r ".hosts[].name"', 'the names for a script')
    .action(async () => {
      const list = await cli.client().hosts.list(cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.hosts.length === 0) return cli.note('nothing is hosted: lumos host PATH')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), list.hosts, context))
    })
}

function columns(cli: Cli): Column<HostSummary>[] {
  const style = cli.out()
  return [
    { title: 'HOST', cell: ({ name }) => name, paint: (text) => style.strong(text) },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: (text, { state }) => paint(text, state, cli)
    },
    { title: 'MEMORY', cell: memoryCell, align: 'right' },
    { title: 'RESTARTS', cell: ({ restarts }) => String(restarts), align: 'right' },
    { title: 'AGENTS', cell: ({ agents }) => agents.join(',') },
    { title: 'PATH', cell: ({ path }) => path, elastic: true }
  ]
}

function paint(text: string, state: HostState, cli: Cli): string {
  const style = cli.out()
  if (state === 'ready') return style.good(text)
  return state === 'quarantined' ? style.bad(text) : style.faint(text)
}

function memoryCell({ rssBytes }: HostSummary): string {
  return rssBytes === undefined ? '' : bytes(rssBytes)
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one hosted project: state, process, agents')
    .argument('<name>', 'as lumos host ls has it')
    .example('lumos host show shop', 'why it does not run, when it does not')
    .example('lumos host show shop --json | jq -r .host.state', 'for a script')
    .action(async (name: string) => {
      show(await cli.client().hosts.show(name, cli.call()), cli)
    })
}

function defineRemove(command: LumosCommand, cli: Cli): void {
  command
    .command('rm')
    .description('host it no more; what runs there may end first, for 20 seconds')
    .argument('<name>', 'as lumos host ls has it')
    .example('lumos host rm shop', 'its agents are gone from the swarm at once')
    .action(async (name: string) => {
      const document = await remove(name, cli)
      if (cli.flags.json) return cli.document(document)
      const { host, ended } = document
      const cut = ended === 0 ? '' : `; ${plural(ended, 'task')} did not end in time and failed`
      cli.print(`${host.name} is hosted no more${cut}`)
    })
}

async function remove(name: string, cli: Cli): Promise<RemovedHostDocument> {
  const progress = createProgress(cli)
  progress.show(`waiting for what runs in ${oneLine(name)}`)
  try {
    return await cli.client().hosts.remove(name, cli.call())
  } finally {
    progress.clear()
  }
}

function defineRestart(command: LumosCommand, cli: Cli): void {
  command
    .command('restart')
    .description('start its process anew: after a change of its code, or out of quarantine')
    .argument('<name>', 'as lumos host ls has it')
    .example('lumos host restart shop', 'what runs there fails, unless it is idempotent')
    .action(async (name: string) => {
      show(await cli.client().hosts.restart(name, cli.call()), cli)
    })
}

function show(document: HostDocument, cli: Cli): void {
  if (cli.flags.json) return cli.document(document)
  const { host } = document
  const style = cli.out()
  const used = host.rssBytes === undefined ? '' : `${bytes(host.rssBytes)} of `
  const rows: [string, string][] = [
    ['path', host.path],
    ['state', host.reason === undefined ? host.state : `${host.state}: ${host.reason}`],
    ['agents', host.agents.join(', ') || '-'],
    ['process', host.pid === undefined ? '-' : String(host.pid)],
    ['memory', `${used}${bytes(host.memoryBytes)}`],
    ['restarts', String(host.restarts)],
    ['env', host.env.join(', ') || '-'],
    ['kept', host.kept ? 'yes' : 'no, until the node stops']
  ]
  cli.print(style.strong(host.name))
  for (const [label, text] of rows) {
    cli.print(`  ${style.faint(padEnd(label, 8))} ${oneLine(text)}`)
  }
}
