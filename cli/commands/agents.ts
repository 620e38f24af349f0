/** `lumos agents`: agents of this node and of its peers, and their signed cards. */
import { skillSchemasOf } from '../../core/skill-schemas.ts'
import type { AgentDetails, AgentSummary } from '../../client/api.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'
import { defineCall } from './agents-call.ts'

interface ListFlags {
  readonly local?: boolean
  readonly remote?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos agents', 'all agents this node knows')
    .example('lumos agents show summarize', 'what one can do, with examples')
  defineList(command, cli)
  defineShow(command, cli)
  defineCall(command, cli)
  defineSwitch(command, 'enable', cli)
  defineSwitch(command, 'disable', cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('agents of this node and of its peers')
    .option('--local', 'only those of this node')
    .option('--remote', 'only those of peers')
    .example('lumos agents ls --remote', 'what the peers offer')
    .example('lumos agents ls --local --json', 'what this node offers, for a script')
    .action(async ({ local, remote }: ListFlags) => {
      const list = await cli.client().agents(cli.call())
      const agents = list.agents.filter((agent) =>
        agent.local ? remote !== true || local : local !== true || remote
      )
      if (cli.flags.json) return cli.document({ ...list, agents })
      const { disabled = [] } = list
      if (disabled.length > 0) {
        cli.note(`disabled here: ${disabled.join(', ')}   lumos agents enable ${disabled[0]}`)
      }
      if (agents.length === 0) return cli.note('no agents')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), agents, context))
    })
}

function columns(cli: Cli): Column<AgentSummary>[] {
  const style = cli.out()
  return [
    { title: 'AGENT', cell: ({ id }) => id, paint: (text) => style.strong(text) },
    { title: 'NODE', cell: ({ node, local }) => (local ? `${node.name} (this)` : node.name) },
    { title: 'SKILLS', cell: ({ skills }) => skills.map(({ id }) => id).join(',') },
    { title: 'DESCRIPTION', cell: ({ description }) => description, elastic: true }
  ]
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one agent: skills, examples, card')
    .argument('<agent>', 'agent id')
    .option('--node <node>', 'the one of this node, when several have it')
    .example('lumos agents show calc', 'skills with examples')
    .example('lumos agents show calc --node bob --json | jq .card', 'the signed A2A card')
    .action(async (id: string, { node }: { node?: string }) => {
      const details = await cli.client().agent(id, { ...cli.call(), node })
      if (cli.flags.json) return cli.document(details)
      for (const line of renderAgent(details, cli)) cli.print(line)
    })
}

function defineSwitch(command: LumosCommand, verb: 'enable' | 'disable', cli: Cli): void {
  const meaning =
    verb === 'enable'
      ? 'offer an agent of this node again'
      : 'stop offering an agent of this node; what it works on goes on'
  command
    .command(verb)
    .description(`${meaning}, also after a restart`)
    .argument('<agent>', 'agent id')
    .example(`lumos agents ${verb} files`, 'at once, without a restart')
    .action(async (id: string) => {
      const client = cli.client()
      const state = await client[`${verb}Agent`](id, cli.call())
      if (cli.flags.json) return cli.document(state)
      cli.print(`${oneLine(id)} is ${verb}d`)
    })
}

function renderAgent({ agent, card }: AgentDetails, cli: Cli): string[] {
  const style = cli.out()
  const signatures = card.signatures?.length ?? 0
  const rows: [string, string][] = [
    ['node', agent.local ? `${agent.node.name} (this)` : agent.node.name],
    ['takes', card.defaultInputModes.join(', ')],
    ['gives', card.defaultOutputModes.join(', ')],
    ['card', `version ${card.version}, ${plural(signatures, 'signature')}`],
    ...card.supportedInterfaces.map(({ protocolBinding, url }): [string, string] => [
      'via',
      `${url} (${protocolBinding})`
    ])
  ]
  return [
    `${style.strong(agent.id)}   ${oneLine(agent.description)}`,
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`),
    ...agent.skills.flatMap((skill) => [
      '',
      `${style.strong(skill.id)}   ${oneLine(skill.description)}`,
      `  ${style.faint(padEnd('tags', 6))} ${oneLine(skill.tags.join(', '))}`,
      ...schemaLines(card, skill.id, cli),
      ...(skill.examples ?? []).map(
        (example) =>
          `  ${style.accent(`lumos run ${agent.id} ${JSON.stringify(oneLine(example))}`)}`
      )
    ])
  ]
}

/** What a skill takes and gives as data, as JSON Schema. */
function schemaLines(card: AgentDetails['card'], skill: string, cli: Cli): string[] {
  const { input, output } = skillSchemasOf(card, skill) ?? {}
  const line = (label: string, schema: object): string =>
    `  ${cli.out().faint(padEnd(label, 6))} ${oneLine(JSON.stringify(schema))}`
  return [...(input ? [line('input', input)] : []), ...(output ? [line('output', output)] : [])]
}
