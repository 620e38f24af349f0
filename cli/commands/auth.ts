/** `lumos auth`: tokens by which programs outside the swarm come in over HTTP. */
import type { ApiTokenSummary } from '../../client/auth-api.ts'
import { API_SCOPES } from '../../core/grant-words.ts'
import { collect, durationFlag, oneOf } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine } from '../width.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos auth token create --name editor', 'let a program in: prints its token once')
    .example('lumos auth token ls', 'which are in force, and when they were used')
    .example('lumos auth token revoke editor', 'take one back, at once')
  const token = command
    .command('token')
    .description('tokens for HTTP: create, ls, revoke')
    .example('lumos auth token create', 'for a program that gives tasks')
  defineList(token, cli)
  defineCreate(token, cli)
  defineRevoke(token, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('tokens in force, without their secrets')
    .example('lumos auth token ls', 'name, scopes, end, last use')
    .example('lumos auth token ls --json | jq -r ".tokens[].id"', 'the ids for a script')
    .action(async () => {
      const list = await cli.client().auth.tokens(cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.tokens.length === 0) return cli.note('no tokens: lumos auth token create')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), [...list.tokens], context))
    })
}

function columns(cli: Cli): Column<ApiTokenSummary>[] {
  return [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'NAME', cell: ({ name }) => name, paint: (text) => cli.out().strong(text) },
    { title: 'SCOPES', cell: ({ scopes }) => scopes.join(','), elastic: true },
    { title: 'TENANT', cell: ({ tenant }) => tenant ?? '' },
    { title: 'UNTIL', cell: ({ expiresAt }) => expiresAt },
    { title: 'USED', cell: ({ usedAt }) => usedAt ?? 'never' }
  ]
}

interface CreateFlags {
  readonly name?: string
  readonly expires?: string
  readonly scope?: readonly string[]
  readonly tenant?: string
  readonly role?: string
}

function defineCreate(command: LumosCommand, cli: Cli): void {
  command
    .command('create')
    .description('make a token: it is printed once, and only its hash is kept')
    .option('--name <name>', 'for people')
    .option('--expires <duration>', 'good for so long: 1h, 30d (default: 90d)')
    .option(
      '--scope <action>',
      `what it lets do: ${API_SCOPES.join(', ')}. May be repeated`,
      collect
    )
    .option('--role <name>', 'what gateway.roles says that it lets do')
    .option('--tenant <name>', 'its holder is one of this tenant, and shares its tasks')
    .example('lumos auth token create --name editor', 'for 90 days')
    .example('lumos auth token create --expires 1h --json | jq -r .secret', 'for a script')
    .action(async ({ name, expires, scope, role, tenant }: CreateFlags) => {
      const request = {
        ...(name !== undefined && { name }),
        ...(expires !== undefined && { lifetimeMs: durationFlag(expires) }),
        ...(scope !== undefined && { scopes: scope.map(scopeOf) }),
        ...(role !== undefined && { role }),
        ...(tenant !== undefined && { tenant })
      }
      const document = await cli.client().auth.createToken(request, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(document.secret)
      const { id, expiresAt } = document.token
      cli.note(`shown this once; good until ${expiresAt}`)
      cli.note(`to use it: Authorization: Bearer TOKEN; to take it back: ${revokeLine(id)}`)
    })
}

function revokeLine(id: string): string {
  return `lumos auth token revoke ${id.slice(0, 8)}`
}

function scopeOf(word: string): (typeof API_SCOPES)[number] {
  return oneOf(word, API_SCOPES, { command: 'auth token create', what: 'no scope' })
}

function defineRevoke(command: LumosCommand, cli: Cli): void {
  command
    .command('revoke')
    .description('take a token back: whoever has it is refused from now on')
    .argument('<token>', 'its id, a unique beginning of it, or its name')
    .example('lumos auth token revoke editor', 'by its name')
    .action(async (selector: string) => {
      const document = await cli.client().auth.revokeToken(selector, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { id, name } = document.token
      cli.print(`${id}${name === '' ? '' : ` (${oneLine(name)})`} is taken back`)
    })
}
