/** `lumos grant`: what one node lets another do, given, kept, looked into and taken back. */
import type {
  CreateGrantRequest,
  GrantDocument,
  GrantLinkView,
  GrantSummary
} from '../../client/grants-api.ts'
import { fromWireError } from '../../core/errors.ts'
import { GRANT_ACTIONS } from '../../core/grant-words.ts'
import type { GrantLimits } from '../../core/grant-words.ts'
import { collect, countFlag, durationFlag, oneOf, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { exitCodeOf } from '../failure.ts'
import { plural, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { readWord } from '../read-word.ts'
import { oneLine, padEnd } from '../width.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos grant', 'those that this node gave, and those it holds')
    .example('lumos grant create ruby --can task/send --skill summarize', 'let a node ask for it')
    .example('lumos grant revoke 7f3a9c1e', 'take it back, everywhere')
  defineList(command, cli)
  defineCreate(command, cli)
  defineAdd(command, cli)
  defineShow(command, cli)
  defineVerify(command, cli)
  defineRevoke(command, cli)
}

interface Row extends GrantSummary {
  readonly given: boolean
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('grants that this node gave, and those it holds')
    .example('lumos grant ls', 'who may do what, until when')
    .example('lumos grant ls --json | jq -r ".given[].id"', 'the ids for a script')
    .action(async () => {
      const list = await cli.client().grants.list(cli.call())
      if (cli.flags.json) return cli.document(list)
      const rows = [
        ...list.given.map((grant) => ({ ...grant, given: true })),
        ...list.held.map((grant) => ({ ...grant, given: false }))
      ]
      if (rows.length === 0) return cli.note('no grants: lumos grant create NODE --can task/send')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), rows, context))
    })
}

function columns(cli: Cli): Column<Row>[] {
  const style = cli.out()
  const brief = cli.terminal.out.isTerminal
  return [
    { title: 'ID', cell: ({ id }) => (brief ? shortId(id) : id) },
    { title: 'GIVEN', cell: ({ given }) => (given ? 'to' : 'by') },
    {
      title: 'NODE',
      cell: ({ given, audience, issuer }) => nameOf(given ? audience : issuer),
      paint: (text) => style.strong(text)
    },
    { title: 'CAN', cell: ({ can }) => can.join(',') },
    { title: 'LIMITS', cell: ({ limits }) => limitsText(limits), elastic: true },
    { title: 'UNTIL', cell: ({ expiresAt }) => expiresAt },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: (text) => (text.trim() === 'in-force' ? style.good(text) : style.bad(text))
    }
  ]
}

interface CreateFlags {
  readonly can?: readonly string[]
  readonly with?: string
  readonly skill?: readonly string[]
  readonly rate?: string
  readonly concurrency?: string
  readonly tokens?: string
  readonly money?: string
  readonly depth?: string
  readonly egress: boolean
  readonly expires: string
  readonly proof?: string
}

function defineCreate(command: LumosCommand, cli: Cli): void {
  command
    .command('create')
    .description('let a node do something: prints a token that only this node can use')
    .argument('<node>', 'name, PeerId or a unique beginning of it')
    .option('--can <action>', `what: ${GRANT_ACTIONS.join(', ')}. May be repeated`, collect)
    .option('--with <place>', 'where: node (this one) or swarm')
    .option('--skill <skill>', 'only this one; translate.* for a branch. May be repeated', collect)
    .option('--rate <n>', 'tasks a minute')
    .option('--concurrency <n>', 'tasks at the same time')
    .option('--tokens <n>', 'of language models, for one task')
    .option('--money <amount>', 'for one task')
    .option('--depth <n>', 'how often a task may be handed on')
    .option(
      '--no-egress',
      'what a task has seen must not leave the swarm: no node promises that yet, so none does it'
    )
    .option('--expires <duration>', 'for so long: 1h, 30d', '7d')
    .option('--proof <token>', 'pass on a part of this grant; also file:PATH or -')
    .example('lumos grant create ruby --can task/send', 'any agent of this node, for a week')
    .example(
      'lumos grant create ruby --can task/send --skill summarize --rate 10 --expires 1d',
      'one skill, ten times a minute, until tomorrow'
    )
    .action(async (peer: string, flags: CreateFlags) => {
      const request = await requestOf(peer, flags, cli)
      const document = await cli.client().grants.create(request, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(document.token)
      const { audience, expiresAt } = document.grant
      cli.note(`for ${oneLine(nameOf(audience))} alone, until ${expiresAt}`)
      cli.note(`next, there: lumos grant add TOKEN; to take it back: ${revokeLine(document)}`)
    })
}

function revokeLine({ grant }: GrantDocument): string {
  return `lumos grant revoke ${grant.id.slice(0, 8)}`
}

async function requestOf(peer: string, flags: CreateFlags, cli: Cli): Promise<CreateGrantRequest> {
  const { can = [], with: place, proof, expires } = flags
  if (can.length === 0) {
    throw usage('what is granted is missing', { suggestion: `--can ${GRANT_ACTIONS[0]}` })
  }
  const command = 'grant create'
  const limits = limitsOf(flags)
  return {
    peer,
    can: can.map((word) =>
      oneOf(word, GRANT_ACTIONS, { command, what: 'nothing that can be granted' })
    ),
    lifetimeMs: durationFlag(expires),
    ...(place !== undefined && {
      with: oneOf(place, ['node', 'swarm'] as const, { command, what: 'no place' })
    }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(proof !== undefined && { proof: await readWord(proof, cli) })
  }
}

function limitsOf(flags: CreateFlags): GrantLimits {
  const { skill, rate, concurrency, tokens, money, depth, egress } = flags
  return {
    ...(skill !== undefined && { skills: skill }),
    ...(rate !== undefined && { rate: countFlag(rate) }),
    ...(concurrency !== undefined && { concurrency: countFlag(concurrency) }),
    ...(tokens !== undefined && { tokens: countFlag(tokens) }),
    ...(money !== undefined && { money: amountFlag(money) }),
    ...(depth !== undefined && { depth: countFlag(depth, 0) }),
    ...(!egress && { egress: false })
  }
}

function amountFlag(text: string): number {
  const amount = text.trim() === '' ? NaN : Number(text)
  if (!(amount >= 0 && amount < Infinity)) throw usage(`"${text}" is no amount`)
  return amount
}

function defineAdd(command: LumosCommand, cli: Cli): void {
  command
    .command('add')
    .description('keep a grant that was given to this node, and use it')
    .argument('<token>', 'what `lumos grant create` printed; also file:PATH, or - for stdin')
    .example('lumos grant add file:grant.txt', 'it is shown to the nodes it is for')
    .action(async (token: string) => {
      const document = await cli.client().grants.add(await readWord(token, cli), cli.call())
      show(document, cli)
      warn(document, cli)
    })
}

/** Whoever gave it may not be known here yet: it is kept, and may count elsewhere. */
function warn({ chain }: GrantDocument, cli: Cli): void {
  const broken = chain.find(({ error }) => error !== undefined)?.error
  if (broken !== undefined) cli.note(`${cli.err().doubtful('warning')} ${oneLine(broken.message)}`)
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one grant in words, with all that it rests on')
    .argument('<grant>', 'token, id, or a unique beginning or end of one; also file:PATH or -')
    .example('lumos grant show 7f3a9c1e', 'one that this node gave or holds')
    .action(async (grant: string) =>
      show(await cli.client().grants.show(await readWord(grant, cli), cli.call()), cli)
    )
}

function show(document: GrantDocument, cli: Cli): void {
  if (cli.flags.json) return cli.document(document)
  const style = cli.out()
  const { id, can, with: place, limits, expiresAt, state } = document.grant
  const rows: [string, string][] = [
    ['state', state],
    ['can', can.join(', ')],
    ['where', placeText(place)],
    ['limits', limitsText(limits) || 'none'],
    ['until', expiresAt],
    ...document.chain.map((link, at): [string, string] => [at === 0 ? 'from' : '', linkText(link)])
  ]
  cli.print(style.strong(id))
  for (const [label, text] of rows) cli.print(`  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`)
}

function linkText({ id, issuer, audience, can, limits, expiresAt }: GrantLinkView): string {
  const bounds = limitsText(limits)
  const rights = [can.join(', '), ...(bounds === '' ? [] : [bounds]), `until ${expiresAt}`]
  return `${nameOf(issuer)} to ${nameOf(audience)}: ${rights.join('; ')} (${id.slice(0, 8)})`
}

function defineVerify(command: LumosCommand, cli: Cli): void {
  command
    .command('verify')
    .description('whether a grant counts, and if not, which of those it rests on is broken')
    .argument('<grant>', 'token, id, or a unique beginning or end of one; also file:PATH or -')
    .example('lumos grant verify file:grant.txt', 'each link, from the first')
    .action(async (grant: string) => {
      const word = await readWord(grant, cli)
      const document = await cli.client().grants.show(word, cli.call())
      if (cli.flags.json) cli.document(document)
      const style = cli.out()
      for (const link of cli.flags.json ? [] : document.chain) {
        const mark = link.error === undefined ? style.good('ok    ') : style.bad('broken')
        cli.print(`${mark} ${oneLine(linkText(link))}`)
        if (link.error !== undefined) cli.print(`       ${oneLine(link.error.message)}`)
      }
      const broken = document.chain.find(({ error }) => error !== undefined)?.error
      if (broken === undefined) return
      if (!cli.flags.json) throw fromWireError(broken)
      cli.exitCode = exitCodeOf(fromWireError(broken))
    })
}

function defineRevoke(command: LumosCommand, cli: Cli): void {
  command
    .command('revoke')
    .description('take back a grant that this node gave; all nodes are told')
    .argument('<id>', 'its id, or a unique beginning or end of it')
    .example('lumos grant revoke 7f3a9c1e', 'what rests on it is over, too')
    .action(async (id: string) => {
      const word = id.toLowerCase().replace(/^…/, '')
      const document = await cli.client().grants.revoke(word, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`${document.grant.id} is ${document.grant.state}`)
    })
}

function placeText(place: string): string {
  return place.startsWith('node:') ? `one node: ${place.slice(5)}` : 'the whole swarm'
}

function limitsText(limits: GrantLimits): string {
  const { skills, rate, concurrency, tokens, money, depth, egress } = limits
  return [
    ...(skills === undefined ? [] : [`only ${skills.join(', ')}`]),
    ...(rate === undefined ? [] : [`${rate} a minute`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(tokens === undefined ? [] : [`${plural(tokens, 'token')} a task`]),
    ...(money === undefined ? [] : [`cost ${money} a task`]),
    ...(depth === undefined ? [] : [`handed on ${plural(depth, 'time')}`]),
    ...(egress === undefined ? [] : ['nothing leaves the swarm'])
  ].join(', ')
}

function nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' ? shortId(id) : name
}
