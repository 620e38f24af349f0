/** `lumos tools`: what agents of this node can use, who may use it, and a call by hand. */
import type { Client } from '../../client/calls.ts'
import type { ToolDetails, ToolList, ToolRuleRequest, ToolSummary } from '../../client/tools-api.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { duration, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd, printable } from '../width.ts'

const EFFECTS = ['read-private', 'network', 'write', 'execute'] as const
const CALLERS = new Map([
  ['self', 'self'],
  ['peers', 'peer']
] as const)

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos tools', 'what there is, and what may be used')
    .example('lumos tools call calc \'{"expression": "2^10"}\'', 'one call, without an agent')
    .example('lumos tools allow http_fetch --for peers', 'tasks of peers may use it, too')
  defineList(command, cli)
  defineShow(command, cli)
  defineCall(command, cli)
  defineAllow(command, cli)
  defineDeny(command, cli)
  defineReset(command, cli)
  defineSwitch(command, 'enable', cli)
  defineSwitch(command, 'disable', cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('tools of this node: from where, with what effects, allowed to whom')
    .option('--all', 'also versions that are not in use')
    .example('lumos tools ls --all', 'which versions there are of each')
    .example('lumos tools ls --json | jq -r ".tools[].id"', 'the names for a script')
    .action(async ({ all = false }: { all?: boolean }) => {
      const list = await cli.client().tools.list(cli.call())
      const tools = list.tools.filter(({ current, enabled }) => all || current || !enabled)
      if (cli.flags.json) return cli.document({ ...list, tools })
      tellProblems(list, cli)
      if (tools.length === 0)
        return cli.note(`no tools: files in ${oneLine(list.folder)} become some`)
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), tools, context))
      for (const rule of list.rules) cli.note(`rule: ${oneLine(rule)}`)
    })
}

function tellProblems({ problems, folder }: ToolList, cli: Cli): void {
  for (const { file, line, reason } of problems) {
    const place = line === undefined ? file : `${file}:${line}`
    cli.note(`${cli.err().bad('broken')} ${oneLine(`${folder}/${place}: ${reason}`)}`)
  }
}

function columns(cli: Cli): Column<ToolSummary>[] {
  const style = cli.out()
  return [
    { title: 'TOOL', cell: ({ id }) => id, paint: (text) => style.strong(text) },
    { title: 'VERSION', cell: ({ version }) => version },
    { title: 'FROM', cell: ({ source }) => source },
    { title: 'EFFECTS', cell: ({ effects }) => effects.join(',') },
    {
      title: 'SELF',
      cell: ({ verdicts, enabled }) => (enabled ? verdicts.self : 'disabled'),
      paint: (text) => paintVerdict(text, cli)
    },
    {
      title: 'PEERS',
      cell: ({ verdicts, enabled }) => (enabled ? verdicts.peer : 'disabled'),
      paint: (text) => paintVerdict(text, cli)
    },
    { title: 'DESCRIPTION', cell: ({ description }) => description, elastic: true }
  ]
}

function paintVerdict(text: string, cli: Cli): string {
  const style = cli.out()
  const word = text.trim()
  if (word === 'allow') return style.good(text)
  return word === 'ask' ? style.doubtful(text) : style.bad(text)
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one tool: what it takes, its limits, and why it may be used or not')
    .argument('<tool>', 'id, or id@version')
    .example('lumos tools show http_fetch', 'why a peer may not use it')
    .example('lumos tools show http_fetch --json | jq .tool.inputSchema', 'what it takes')
    .action(async (id: string) => {
      const details = await cli.client().tools.show(id, cli.call())
      if (cli.flags.json) return cli.document(details)
      for (const line of renderTool(details, cli)) cli.print(line)
    })
}

function renderTool({ tool }: ToolDetails, cli: Cli): string[] {
  const style = cli.out()
  const { verdicts, reasons } = tool
  const output = tool.untrusted ? 'written by strangers' : 'trusted'
  const limits = [
    `${duration(tool.timeoutMs)} a call`,
    `${tool.concurrency} at once`,
    ...(tool.rate === null ? [] : [`${tool.rate} a minute`])
  ]
  const rows: [string, string][] = [
    ['version', `${tool.version}, from ${tool.source}${tool.enabled ? '' : ', disabled'}`],
    ['effects', tool.effects.join(', ') || 'none'],
    ['self', `${verdicts.self}: ${reasons.self}`],
    ['peers', `${verdicts.peer}: ${reasons.peer}`],
    ['output', tool.egress ? `${output}; what goes in can be read elsewhere` : output],
    ['limits', limits.join(', ')],
    ...(tool.parts.length === 0 ? [] : [['chain', tool.parts.join(', ')] as [string, string]]),
    ['takes', JSON.stringify(tool.inputSchema)],
    ...(tool.outputSchema ? [['gives', JSON.stringify(tool.outputSchema)] as [string, string]] : [])
  ]
  return [
    `${style.strong(tool.id)}   ${oneLine(tool.description)}`,
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 7))} ${oneLine(text)}`)
  ]
}

function defineCall(command: LumosCommand, cli: Cli): void {
  command
    .command('call')
    .description('call a tool as the user of this node')
    .argument('<tool>', 'id')
    .argument('[json...]', 'what it takes, as a JSON object; from stdin when it is -')
    .option('-y, --yes', 'say yes to what policy would ask')
    .example('lumos tools call calc \'{"expression": "2^10"}\'', 'prints what it returns')
    .example('lumos tools call web_page - < input.json', 'a longer input')
    .action(async (id: string, words: string[], { yes = false }: { yes?: boolean }) => {
      const input = await inputOf(words, cli)
      const client = cli.client()
      try {
        await callTool(client, { id, input, consent: yes }, cli)
      } catch (error) {
        if (yes || toLumosError(error).code !== 'TOOL_CONSENT' || !isAttended(cli)) throw error
        cli.terminal.err.write(`May ${id} be used with ${oneLine(JSON.stringify(input))}? [y/N] `)
        const line = await cli.terminal.input.readLine(cli.signal)
        if (!/^y(es)?$/i.test(line?.trim() ?? '')) throw error
        await callTool(client, { id, input, consent: true }, cli)
      }
    })
}

function isAttended({ terminal, flags }: Cli): boolean {
  return terminal.input.isTerminal && terminal.err.isTerminal && !flags.json
}

async function inputOf(words: readonly string[], cli: Cli): Promise<Json> {
  const fromInput = words.length === 1 && words[0] === '-'
  const text = fromInput ? await cli.terminal.input.readAll() : words.join(' ')
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw usage('the input is no JSON', { suggestion: 'quote it for the shell: \'{"a": 1}\'' })
  }
}

async function callTool(
  client: Client,
  { id, input, consent }: { readonly id: string; readonly input: Json; readonly consent: boolean },
  cli: Cli
): Promise<void> {
  for await (const event of client.tools.call(id, { input, consent }, cli.call())) {
    if (cli.flags.json) cli.line(event)
    else if (event.type === 'text') cli.note(printable(event.text).trimEnd())
    else cli.print(outputText(event.output, cli))
  }
}

function outputText(output: Json, cli: Cli): string {
  const { isTerminal } = cli.terminal.out
  if (typeof output !== 'string') return JSON.stringify(output, null, isTerminal ? 2 : 0)
  return isTerminal ? printable(output) : output
}

interface RuleFlags {
  readonly for?: string
  readonly effect?: string
  readonly tainted?: boolean
  readonly ask?: boolean
}

function defineAllow(command: LumosCommand, cli: Cli): void {
  ruleCommand(command, 'allow', 'let agents of this node use a tool without asking')
    .option('--ask', 'ask the user before each call instead')
    .option('--tainted', 'even where private data and text of strangers have met: docs/tools.md')
    .example('lumos tools allow file_write', 'this user’s tasks, from now on')
    .example('lumos tools allow "mcp_*" --ask', 'every tool of that name, one question each call')
    .action(async (tool: string, flags: RuleFlags) => {
      const action = flags.ask === true ? 'ask' : 'allow'
      await decide({ tool, action, ...ruleOf({ for: 'self', ...flags }) }, cli)
    })
}

function defineDeny(command: LumosCommand, cli: Cli): void {
  ruleCommand(command, 'deny', 'let no agent use a tool')
    .example('lumos tools deny http_fetch', 'neither this user’s tasks nor those of peers')
    .example('lumos tools deny "*" --effect network', 'nothing that reaches the network')
    .action((tool: string, flags: RuleFlags) =>
      decide({ tool, action: 'deny', ...ruleOf(flags) }, cli)
    )
}

function ruleCommand(command: LumosCommand, verb: string, meaning: string): LumosCommand {
  return command
    .command(verb)
    .description(`${meaning}, also after a restart`)
    .argument('<tool>', 'id; * stands for any characters')
    .option('--for <whom>', 'whose tasks: self, peers, or any')
    .option('--effect <effect>', `only as far as this goes: ${EFFECTS.join(', ')}`)
}

function ruleOf({
  for: whom = 'any',
  effect,
  tainted = false
}: RuleFlags): Omit<ToolRuleRequest, 'tool' | 'action'> {
  const caller = [...CALLERS].find(([name]) => name === whom)?.[1]
  if (caller === undefined && whom !== 'any') {
    throw usage(`"${whom}" is nobody whose tasks there are`, {
      suggestion: 'write self, peers or any'
    })
  }
  const known = EFFECTS.find((name) => name === effect)
  if (effect !== undefined && known === undefined) {
    throw usage(`"${effect}" is no effect`, { suggestion: `write one of ${EFFECTS.join(', ')}` })
  }
  return {
    ...(caller !== undefined && { caller }),
    ...(known !== undefined && { effect: known }),
    ...(tainted && { tainted })
  }
}

async function decide(rule: ToolRuleRequest, cli: Cli): Promise<void> {
  const list = await cli.client().tools.rule(rule, cli.call())
  tellState(list, rule.tool, cli)
}

/** What came of a decision: another rule may have more to say. */
function tellState(list: ToolList, tool: string, cli: Cli): void {
  if (cli.flags.json) return cli.document(list)
  const current = list.tools.find(({ id, current: used }) => id === tool && used)
  if (current === undefined) {
    cli.print(`${oneLine(tool)}: ${plural(list.rules.length, 'rule')} of your own now`)
    return
  }
  const { self, peer } = current.verdicts
  cli.print(`${oneLine(tool)}: ${self} for this node, ${peer} for peers`)
  cli.note(`why, and undo: lumos tools show ${tool}, lumos tools reset ${tool}`)
}

function defineReset(command: LumosCommand, cli: Cli): void {
  command
    .command('reset')
    .description('forget what was allowed or denied of a tool; configuration and defaults decide')
    .argument('<tool>', 'as it was allowed or denied')
    .example('lumos tools reset http_fetch', 'as it was in the beginning')
    .action(async (tool: string) =>
      tellState(await cli.client().tools.reset(tool, cli.call()), tool, cli)
    )
}

function defineSwitch(command: LumosCommand, verb: 'enable' | 'disable', cli: Cli): void {
  const meaning =
    verb === 'enable' ? 'let agents have a tool again' : 'give a tool to no agent any more'
  command
    .command(verb)
    .description(`${meaning}, at once and after a restart`)
    .argument('<tool>', 'id for all its versions, or id@version')
    .example(`lumos tools ${verb} http_fetch`, 'calls that are under way go on')
    .action(async (tool: string) => {
      const list = await cli.client().tools[verb](tool, cli.call())
      if (cli.flags.json) return cli.document(list)
      cli.print(`${oneLine(tool)} is ${verb}d`)
    })
}
