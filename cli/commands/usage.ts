/** `lumos usage`: what tenants and tokens have used over HTTP, day by day. */
import type { UsageDay } from '../../client/usage-api.ts'
import { durationFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { bytes, duration } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'

interface UsageFlags {
  readonly tenant?: string
  readonly since: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--tenant <name>', 'only this tenant')
    .option('--since <duration>', 'nothing older: 1d, 30d', '30d')
    .example('lumos usage', 'of the last 30 days, the youngest first')
    .example('lumos usage --tenant acme --json', 'of one tenant, for a script')
    .action(async ({ tenant, since }: UsageFlags) => {
      const from = new Date(cli.clock.now() - durationFlag(since)).toISOString().slice(0, 10)
      const asked = { since: from, ...(tenant !== undefined && { tenant }) }
      const report = await cli.client().usage(asked, cli.call())
      if (cli.flags.json) return cli.document(report)
      if (report.days.length === 0) return cli.note('nobody came in over HTTP')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), [...report.days], context))
    })
}

function columns(cli: Cli): Column<UsageDay>[] {
  return [
    { title: 'DAY', cell: ({ day }) => day },
    {
      title: 'WHO',
      cell: ({ owner, tenant }) => tenant ?? owner,
      elastic: true,
      paint: (text) => cli.out().strong(text)
    },
    number('REQUESTS', ({ requests }) => requests),
    number('REFUSED', ({ refused }) => refused),
    number('DONE', ({ completed }) => completed),
    number('FAILED', ({ failed, rejected }) => failed + rejected),
    number('CANCELLED', ({ canceled }) => canceled),
    number('TOKENS', ({ tokens }) => tokens),
    { title: 'COST', cell: ({ cost }) => `$${cost.toFixed(2)}`, align: 'right' },
    { title: 'TIME', cell: ({ runMs }) => duration(runMs), align: 'right' },
    { title: 'BYTES', cell: (row) => bytes(row.bytes), align: 'right' }
  ]
}

function number(title: string, of: (row: UsageDay) => number): Column<UsageDay> {
  return { title, cell: (row) => String(of(row)), align: 'right' }
}
