/** `lumos agents`: agents of this node and of its peers, and their signed cards. */
import type { AgentDetails, AgentSummary } from '../../client/api.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'

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
      ...(skill.examples ?? []).map(
        (example) =>
          `  ${style.accent(`lumos run ${agent.id} ${JSON.stringify(oneLine(example))}`)}`
      )
    ])
  ]
}
