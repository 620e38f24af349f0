/** `lumos status`: one screen about this node; problems appear only when there are some. */
import type { Status, TaskCounts } from '../../client/api.ts'
import type { GatewayStatus } from '../../client/auth-api.ts'
import type { Cli } from '../cli.ts'
import { bytes, duration, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import type { Style } from '../style.ts'
import { oneLine, padEnd } from '../width.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos status', 'this node at a glance')
    .example('lumos status --json | jq .peers', 'one fact for a script')
    .example('lumos -P two status', 'another node of yours')
    .action(async () => {
      const status = await cli.client().status(cli.call())
      if (cli.flags.json) cli.document(status)
      else for (const line of renderStatus(status, cli.out())) cli.print(line)
    })
}

export function renderStatus(status: Status, style: Style): string[] {
  const { name, uptimeMs, version, profile, pid } = status
  const wrong = status.problems.length > 0
  const head = [
    `${wrong ? style.doubtful('●') : style.good('●')} ${style.strong(name)}`,
    `up ${duration(uptimeMs)}`,
    `lumos ${version}`,
    `profile ${profile}`,
    `pid ${pid}`
  ]
  return [head.join('   '), ...facts(status, style), ...problems(status, style)]
}

function facts(status: Status, style: Style): string[] {
  const { swarm, open, peers, agents, tasks, asked, rssBytes, eventLoopDelayMs } = status
  const { addresses, gateway } = status
  const wall = open ? style.doubtful('open: anybody may join') : 'private'
  const rows: [string, string][] = [
    ['swarm', `${swarm} (${wall})   ${plural(peers, 'peer')}   ${plural(agents, 'agent')}`],
    ['works', counts(tasks)],
    ['asked', counts(asked)],
    ['uses', `${bytes(rssBytes)} of memory   event loop ${duration(eventLoopDelayMs)} late`],
    ...(gateway === null
      ? []
      : [['http', `${gateway.url}   ${waysIn(gateway, style)}`] satisfies [string, string]]),
    ...addresses.map((address, index): [string, string] => [index === 0 ? 'at' : '', address])
  ]
  return rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${text}`)
}

const WAYS = {
  token: 'tokens',
  jwt: 'JWTs',
  certificate: 'certificates',
  open: 'open to this machine'
} as const

function waysIn({ auth }: GatewayStatus, style: Style): string {
  return auth.map((way) => (way === 'open' ? style.doubtful(WAYS[way]) : WAYS[way])).join(', ')
}

function problems({ problems: all }: Status, style: Style): string[] {
  return all.map(({ message, hint }) => {
    const advice = hint === undefined ? '' : `   try: ${style.accent(oneLine(hint))}`
    return `${style.doubtful('!')} ${oneLine(message)}${advice}`
  })
}

function counts({ running, completed, failed }: TaskCounts): string {
  return `${running} running, ${completed} done, ${failed} failed`
}
