/** `lumos spaces`: parts of shared memory with rules of their own. */
import type { SpaceDocument, SpaceMode, SpaceSummary } from '../../client/memory-api.ts'
import { durationFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { bytes, duration, plural, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'

const MODES: Readonly<Record<SpaceMode, string>> = {
  open: 'every member of the swarm writes',
  members: 'those write whom the owner lets',
  'owner-only': 'the owner alone writes'
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos spaces', 'those this node has')
    .example('lumos spaces create team', 'one of your own, to which you let others')
    .example('lumos spaces grant team ruby', 'let a node write to it')
  defineList(command, cli)
  defineShow(command, cli)
  defineCreate(command, cli)
  defineGrant(command, cli)
  defineRevoke(command, cli)
  defineForget(command, cli)
  defineJoin(command, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('the spaces of this node')
    .option('--forgotten', 'those that it was told to forget')
    .example('lumos spaces ls', 'whose they are, and who may write')
    .example('lumos spaces ls --json | jq -r ".spaces[].name"', 'their names for a script')
    .action(async ({ forgotten }: { readonly forgotten?: boolean }) => {
      const list = await cli.client().spaces.list(cli.call())
      if (cli.flags.json) return cli.document(list)
      const context = { sink: cli.terminal.out, style: cli.out() }
      const spaces = forgotten === true ? list.forgotten : list.spaces
      cli.terminal.out.write(renderColumns(columns(cli), spaces, context))
    })
}

function columns(cli: Cli): Column<SpaceSummary>[] {
  const brief = cli.terminal.out.isTerminal
  const style = cli.out()
  return [
    { title: 'NAME', cell: ({ name }) => name, paint: (text) => style.strong(text) },
    { title: 'MODE', cell: ({ mode }) => mode },
    { title: 'SEALED', cell: ({ sealed }) => (sealed ? 'yes' : 'no') },
    { title: 'OWNER', cell: ownerOf },
    { title: 'ID', cell: ({ id }) => (brief ? shortId(id) : id) }
  ]
}

function ownerOf({ owner, own }: SpaceSummary): string {
  if (owner === null) return 'everybody'
  return own ? `${nameOf(owner)} (this node)` : nameOf(owner)
}

function nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' ? shortId(id) : name
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one space: its owner, its rules, who may do what')
    .argument('<space>', 'its name')
    .example('lumos spaces show team', 'and who was shut out')
    .action(async (space: string) => show(await cli.client().spaces.show(space, cli.call()), cli))
}

function show(document: SpaceDocument, cli: Cli): void {
  if (cli.flags.json) return cli.document(document)
  const style = cli.out()
  const { name, id, mode, sealed, limits, grants, revoked, ...rest } = document.space
  const rows: [string, string][] = [
    ['owner', ownerOf(document.space)],
    ['mode', `${mode}: ${MODES[mode]}`],
    ['sealed', sealed ? 'yes: keys and values are encrypted for its members' : 'no'],
    ['limits', limitsText(limits)],
    ...grants.map(({ peer, role, prefix, until }): [string, string] => {
      const where = prefix === '' ? 'all keys' : prefix
      return [role, `${nameOf(peer)}   ${where}${until === undefined ? '' : `   until ${until}`}`]
    }),
    ...revoked.map((peer): [string, string] => ['out', nameOf(peer)])
  ]
  cli.print(`${style.strong(oneLine(name))}   ${style.faint(id)}`)
  for (const [label, text] of rows) cli.print(`  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`)
  if (rest.own && grants.length === 0 && mode === 'members') {
    cli.note(`next: lumos spaces grant ${oneLine(name)} NODE`)
  }
}

function limitsText(limits: SpaceDocument['space']['limits']): string {
  const { valueBytes, authorRecords, authorBytes, tombstoneMs } = limits
  const each = `${plural(authorRecords, 'key')} and ${bytes(authorBytes)} a writer`
  return `values of ${bytes(valueBytes)}, ${each}, deletions known for ${duration(tombstoneMs)}`
}

interface CreateFlags {
  readonly mode: string
  readonly sealed?: boolean
}

function defineCreate(command: LumosCommand, cli: Cli): void {
  command
    .command('create')
    .description('make a space that this node owns')
    .argument('<name>', 'up to 64 bytes')
    .option('--mode <mode>', `who may write: ${Object.keys(MODES).join(', ')}`, 'members')
    .option('--sealed', 'encrypt keys and values for its members')
    .example('lumos spaces create team', 'those write whom you let: lumos spaces grant')
    .example('lumos spaces create news --mode owner-only', 'all read, only this node writes')
    .action(async (name: string, { mode, sealed }: CreateFlags) => {
      if (!isMode(mode)) {
        throw usage(`"${mode}" is no mode`, {
          suggestion: `one of ${Object.keys(MODES).join(', ')}`
        })
      }
      const request = { name, mode, ...(sealed && { sealed }) }
      show(await cli.client().spaces.create(request, cli.call()), cli)
    })
}

function isMode(text: string): text is SpaceMode {
  return Object.hasOwn(MODES, text)
}

interface GrantFlags {
  readonly read?: boolean
  readonly prefix?: string
  readonly ttl?: string
}

function defineGrant(command: LumosCommand, cli: Cli): void {
  command
    .command('grant')
    .description('let a node write to a space of yours')
    .argument('<space>', 'its name')
    .argument('<node>', 'name, PeerId or a unique beginning of it')
    .option('--read', 'only read')
    .option('--prefix <prefix>', 'only keys that begin so; ends with /')
    .option('--ttl <duration>', 'for so long: 1h, 30d')
    .example('lumos spaces grant team ruby', 'everywhere, until you revoke it')
    .example('lumos spaces grant team ruby --prefix reports/ --ttl 30d', 'there, for a month')
    .action(async (space: string, peer: string, { read, prefix, ttl }: GrantFlags) => {
      const request = {
        peer,
        role: read ? ('read' as const) : ('write' as const),
        ...(prefix !== undefined && { prefix }),
        ...(ttl !== undefined && { ttlMs: durationFlag(ttl) })
      }
      show(await cli.client().spaces.grant(space, request, cli.call()), cli)
    })
}

function defineRevoke(command: LumosCommand, cli: Cli): void {
  command
    .command('revoke')
    .description('take back all that a node was granted')
    .argument('<space>', 'its name')
    .argument('<node>', 'name, PeerId or a unique beginning of it')
    .example('lumos spaces revoke team ruby', 'what it wrote stays, what it writes counts nowhere')
    .action(async (space: string, peer: string) =>
      show(await cli.client().spaces.revoke(space, peer, cli.call()), cli)
    )
}

function defineForget(command: LumosCommand, cli: Cli): void {
  command
    .command('forget')
    .description('drop this node’s copy of a space; others keep theirs')
    .argument('<space>', 'its name or id')
    .option('--force', 'also a space of your own')
    .example('lumos spaces forget team', 'it comes back only when you say so')
    .example('lumos spaces forget team --force', 'one of your own: what nobody else has is lost')
    .action(async (name: string, { force }: { readonly force?: boolean }) => {
      const request = force === true ? { force } : {}
      const answer = await cli.client().spaces.forget(name, request, cli.call())
      if (cli.flags.json) return cli.document(answer)
      const { space } = answer
      cli.print(`${cli.out().good('✓')} ${oneLine(space.name)} is forgotten   ${shortId(space.id)}`)
      cli.note(`undo: lumos spaces join ${space.id}`)
    })
}

function defineJoin(command: LumosCommand, cli: Cli): void {
  command
    .command('join')
    .description('take up a space again that was forgotten; others bring what is in it')
    .argument('<space>', 'its name or id: lumos spaces ls --forgotten')
    .example('lumos spaces join team', 'as if it had never been away')
    .action(async (name: string) => show(await cli.client().spaces.join(name, cli.call()), cli))
}
