/** `lumos invite`: one line of text by which another machine joins the swarm. */
import type { InviteDocument, InviteRole } from '../../client/swarm-api.ts'
import { countFlag, durationFlag, oneOf, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

const ROLES: readonly InviteRole[] = ['member', 'worker', 'client', 'relay']

interface InviteFlags {
  readonly role?: string
  readonly expires?: string
  readonly uses?: string
  readonly qr?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos invite', 'for one node, good for a day')
    .example('lumos invite --role worker --uses 5 --expires 7d', 'for five that only work')
    .example('lumos invite --qr', 'also as a code for a camera')
    .example('lumos invite revoke 3f0c2a1b9d4e5f60', 'take one back')
  command
    .command('create', { isDefault: true })
    .description('make an invite')
    .option('--role <role>', `what the node may do: ${ROLES.join(', ')} (default: member)`)
    .option('--expires <duration>', 'how long it is good (default: 24h)')
    .option('--uses <n>', 'how many nodes may join by it (default: 1)')
    .option('--qr', 'draw it as a QR code above the line')
    .example('lumos invite create', 'the same as: lumos invite')
    .example('lumos invite --json | jq -r .text', 'only the line, for a script')
    .action(async ({ role, expires, uses, qr }: InviteFlags) => {
      // Before there is an invite that nobody has seen.
      const draw = qr === true ? await drawing(cli) : undefined
      const request = {
        ...(role && { role: oneOf(role, ROLES, { command: 'lumos invite', what: 'no role' }) }),
        ...(expires && { lifetimeMs: durationFlag(expires) }),
        ...(uses && { uses: countFlag(uses) })
      }
      const document = await cli.client().swarm.invite(request, cli.call())
      if (draw !== undefined) for (const line of draw(document.text)) cli.print(line)
      show(document, cli)
    })
  command
    .command('revoke')
    .description('take an invite back: nobody joins by it any more')
    .argument('<id>', 'of the invite: lumos swarm show')
    .example('lumos invite revoke 3f0c2a1b9d4e5f60', 'by its id')
    .action(async (id: string) => {
      const answer = await cli.client().swarm.withdraw(id, cli.call())
      if (cli.flags.json) return cli.document(answer)
      cli.print(`${cli.out().good('✓')} the invite ${id} is void`)
    })
}

/** @throws USAGE where a camera would see no code */
async function drawing(cli: Cli): Promise<(text: string) => readonly string[]> {
  const { out } = cli.terminal
  if (cli.flags.json || !out.isTerminal) throw usage('--qr draws for a camera: in a terminal only')
  const { drawQrCode, QR_COLUMNS, QR_ROWS } = await import('../qr-code.ts')
  if (out.columns() < QR_COLUMNS) {
    const reason = `a QR code needs ${QR_COLUMNS} columns, and this terminal has ${out.columns()}`
    throw usage(reason, { suggestion: 'make the window wider, or its letters smaller' })
  }
  if (out.rows() <= QR_ROWS) {
    cli.note(`a camera has to see ${QR_ROWS} rows at once, and this terminal has ${out.rows()}`)
  }
  return drawQrCode
}

function show(document: InviteDocument, cli: Cli): void {
  if (cli.flags.json) return cli.document(document)
  const { invite, text, founded } = document
  cli.print(text)
  const uses = invite.uses === 1 ? 'one node' : `${invite.uses} nodes`
  cli.note(`for ${uses} as ${invite.role}, good until ${invite.expiresAt}   id ${invite.id}`)
  cli.note(`on the other machine: ${cli.err().accent('lumos join')} and this line`)
  if (founded) {
    cli.note('this swarm keeps a list of members from now on; this node is its owner')
    cli.note('nodes it knows now are on it; others that only have the key need an invite')
  }
}
