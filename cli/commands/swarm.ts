/** `lumos swarm`: the swarm of this node, who is in it, and how to make, change and leave one. */
import type { SwarmDocument, SwarmMember } from '../../client/swarm-api.ts'
import { oneOf } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { age, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine } from '../width.ts'
import { stopNode } from './down.ts'
import { keptFlags, runningNode, start } from './up.ts'

const ROLES = ['admin', 'member', 'worker', 'client', 'relay'] as const

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos swarm', 'who is in it, and as what')
    .example('lumos swarm create lab', 'a new one, of which this node is the owner')
    .example('lumos swarm remove eve', 'send a node away: the key changes')
  defineShow(command, cli)
  defineMaking(command, cli)
  defineMembers(command, cli)
  defineLeave(command, cli)
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show', { isDefault: true })
    .description('the swarm of this node, its members and invites')
    .example('lumos swarm show', 'the same as: lumos swarm')
    .example('lumos swarm show --json | jq -r ".members[].name"', 'names for a script')
    .action(async () => show(await cli.client().swarm.show(cli.call()), cli))
  command
    .command('ls')
    .description('the swarms that this node knows')
    .example('lumos swarm ls', 'the one with a star is the one it is in')
    .action(() => hand(cli, ['ls']))
}

function show(document: SwarmDocument, cli: Cli): void {
  if (cli.flags.json) return cli.document(document)
  const { swarm, members, invites } = document
  const style = cli.out()
  cli.print(
    `${style.strong(swarm.name)}   ${style.faint(swarm.id)}   this node: ${swarm.role ?? 'not in it any more'}`
  )
  if (swarm.kind === 'open') cli.note('open: anybody on the network can take part')
  if (swarm.kind === 'key') {
    cli.note('whoever has the key is in it; a list of members begins with: lumos invite')
  }
  if (!swarm.key.known) cli.note('! the key has changed, and nobody has told this node the new one')
  if (members.length > 0) {
    const context = { sink: cli.terminal.out, style }
    cli.terminal.out.write(renderColumns(columns(cli, members), members, context))
  }
  for (const { id, role, uses, used, expiresAt } of invites) {
    cli.print(`invite ${id}   ${role}   ${used} of ${uses} used   until ${expiresAt}`)
  }
}

function columns(cli: Cli, members: readonly SwarmMember[]): Column<SwarmMember>[] {
  const style = cli.out()
  const brief = cli.terminal.out.isTerminal
  const now = cli.clock.now()
  const anyFormer = members.some(({ former }) => former.length > 0)
  return [
    { title: 'NAME', cell: ({ name }) => name, paint: (text) => style.strong(text) },
    { title: 'ID', cell: ({ id }) => (brief ? shortId(id) : id) },
    ...(anyFormer
      ? [
          {
            title: 'WAS',
            cell: ({ former: [last] }: SwarmMember) =>
              last === undefined ? '' : brief ? shortId(last) : last
          }
        ]
      : []),
    { title: 'ROLE', cell: ({ standing }) => standing },
    { title: 'SINCE', cell: ({ since }) => age(since, now) },
    { title: 'CONNECTED', cell: ({ connected }) => (connected ? 'yes' : 'no') }
  ]
}

function defineMaking(command: LumosCommand, cli: Cli): void {
  command
    .command('create')
    .description('make a swarm, and take this node into it')
    .argument('<name>', 'lower case letters, digits and dashes')
    .example('lumos swarm create lab', 'then: lumos invite')
    .action(async (name: string) => {
      await hand(cli, ['create', name])
      await again(cli)
      cli.note(`next: ${cli.err().accent('lumos invite')}     bring in another machine`)
    })
}

function defineMembers(command: LumosCommand, cli: Cli): void {
  command
    .command('remove')
    .description('send a node away; those who stay get a key that it has not')
    .argument('<member>', 'name, PeerId, or a unique beginning of it')
    .example('lumos swarm remove eve', 'by name')
    .action(async (member: string) => {
      const answer = await cli.client().swarm.remove(member, cli.call())
      if (cli.flags.json) return cli.document(answer)
      cli.print(`${cli.out().good('✓')} ${oneLine(member)} is out   key ${answer.swarm.key.epoch}`)
      cli.note(`undo: lumos invite, and there: lumos join`)
    })
  command
    .command('role')
    .description('give a member another role; only the owner names admins')
    .argument('<member>', 'name, PeerId, or a unique beginning of it')
    .argument('<role>', ROLES.join(', '))
    .example('lumos swarm role bob admin', 'bob may invite and remove others')
    .action(async (member: string, word: string) => {
      const role = oneOf(word, ROLES, { command: 'lumos swarm role', what: 'no role' })
      const answer = await cli.client().swarm.setRole(member, role, cli.call())
      if (cli.flags.json) return cli.document(answer)
      cli.print(`${cli.out().good('✓')} ${oneLine(member)} is ${role}`)
    })
}

function defineLeave(command: LumosCommand, cli: Cli): void {
  command
    .command('leave')
    .description('leave a swarm and forget its key')
    .argument('[name]', 'default: the one this node is in')
    .option('--force', 'also as its owner, and when the node does not run to say so')
    .example('lumos swarm leave', 'the others hear of it')
    .action(async (name: string | undefined, { force }: { force?: boolean }) => {
      const running = await runningNode(cli)
      const calls = cli.client().swarm
      const current = running && (await calls.show(cli.call())).swarm.name
      const left = name ?? current
      if (left === undefined) return cli.note('no node is running: say which swarm it shall leave')
      const isHere = left === current
      if (isHere && force !== true) await calls.leave(cli.call())
      if (isHere) await stopNode(cli)
      await hand(cli, ['forget', left])
      if (isHere) await start(cli, await keptFlags(cli.paths().state))
    })
}

/** The program of the node does what needs no running node. */
async function hand(cli: Cli, words: readonly string[]): Promise<void> {
  const json = cli.flags.json ? ['--json'] : []
  cli.exitCode = await cli.host.runNode(['swarm', ...json, '--', ...words], cli.env())
}

/** A running node takes what has changed at its next start. */
async function again(cli: Cli): Promise<void> {
  if ((await runningNode(cli)) === undefined) return
  await stopNode(cli)
  await start(cli, await keptFlags(cli.paths().state))
  cli.note('the node was restarted')
}
