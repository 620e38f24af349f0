/** `lumos route explain`: who would be asked for a task, who would not, and the numbers behind it. */
import type { RouteExplanation, RouteQuery, RouteStanding } from '../../client/routing-api.ts'
import { ROUTE_POLICIES } from '../../core/route-choice.ts'
import type { RouteVerdict } from '../../core/route-choice.ts'
import { collect, policyFlag, targetOf, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns } from '../columns.ts'
import type { Column } from '../columns.ts'
import { duration, percent, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { NEED_FLAG, NEED_HELP, withNeeds } from '../needs.ts'

interface RouteFlags {
  readonly to?: string
  readonly local?: boolean
  readonly remote?: boolean
  readonly policy?: string
  readonly need?: readonly string[]
  readonly context?: string
}

const WHY: Readonly<Record<RouteVerdict, string>> = {
  best: 'expected to finish first',
  slower: 'expected to finish later; asked when a slower one is drawn with it',
  slowest: 'expected to finish last; asked when no other is left',
  'not-preferred': 'the policy prefers another',
  'not-connected': 'no session with it, and others have one',
  banned: 'could not be reached or fell silent',
  'breaker-open': 'kept failing',
  'asked-to-wait': 'asked to be left alone'
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos route explain summarize', 'who would be asked, and why not the others')
    .example('lumos route explain chat --policy cheapest', 'by another policy')
  command
    .command('explain', { isDefault: true })
    .description('everybody who could do it, with the numbers that decide')
    .argument('<agent>', 'agent, skill, tag, or agent@node')
    .option(NEED_FLAG, NEED_HELP, collect)
    .option('--to <node>', 'only this node: name, PeerId or a unique beginning of it')
    .option('--local', 'only on this node')
    .option('--remote', 'only on a peer')
    .option('--policy <name>', `as if chosen by: ${ROUTE_POLICIES.join(', ')}`)
    .option('--context <id>', 'the conversation, for the policy sticky')
    .example('lumos route explain summarize', 'who would be asked, and why not the others')
    .example('lumos route explain calc --json | jq .candidates[0].chance', 'for a script')
    .action(async (target: string, flags: RouteFlags) => {
      const explanation = await cli.client().explainRoute(toQuery(target, flags), cli.call())
      if (cli.flags.json) return cli.document(explanation)
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), explanation.candidates, context))
      cli.note(footer(explanation))
    })
}

function toQuery(target: string, flags: RouteFlags): RouteQuery {
  const { to, local, remote, policy, need, context } = flags
  const command = 'route explain'
  if (local && remote) throw usage('--local and --remote exclude each other', { command })
  return {
    target: withNeeds(targetOf(target), need),
    ...(to !== undefined && { to }),
    ...(local && { where: 'local' as const }),
    ...(remote && { where: 'remote' as const }),
    ...(policy !== undefined && { policy: policyFlag(policy, command) }),
    ...(context !== undefined && { contextId: context })
  }
}

function columns(cli: Cli): Column<RouteStanding>[] {
  const style = cli.out()
  return [
    {
      title: 'NODE',
      cell: ({ node, local }) => (local ? `${node} (this)` : node),
      paint: (text, { chance }) => (chance > 0 ? style.strong(text) : style.faint(text))
    },
    { title: 'AGENT', cell: ({ agent }) => agent },
    { title: 'CHANCE', cell: ({ chance }) => percent(chance), align: 'right' },
    { title: 'FINISH', cell: ({ costMs }) => duration(costMs), align: 'right' },
    { title: 'RTT', cell: ({ rttMs }) => duration(rttMs), align: 'right' },
    { title: 'QUEUE', cell: ({ queueMs }) => duration(queueMs), align: 'right' },
    {
      title: 'RUN',
      cell: ({ runMs, measured }) => `${measured === 0 ? '~' : ''}${duration(runMs)}`,
      align: 'right'
    },
    {
      title: 'P95',
      cell: ({ runP95Ms }) => (runP95Ms === null ? '' : duration(runP95Ms)),
      align: 'right'
    },
    { title: 'OK', cell: ({ success }) => percent(success), align: 'right' },
    { title: 'HERE', cell: ({ inFlight }) => String(inFlight), align: 'right' },
    { title: 'LOAD', cell: ({ load }) => (load === null ? '' : percent(load)), align: 'right' },
    { title: 'PRICE', cell: ({ price }) => String(price), align: 'right' },
    { title: 'PATH', cell: ({ path }) => path },
    { title: 'WHY', cell: reason, elastic: true }
  ]
}

function reason({ why, excludedMs }: RouteStanding): string {
  return excludedMs > 0 ? `${WHY[why]}, for ${duration(excludedMs)} yet` : WHY[why]
}

function footer({ candidates, policy, lookupMs }: RouteExplanation): string {
  const found = `${plural(candidates.length, 'candidate')}, found in ${duration(lookupMs)}`
  const isGuessed = candidates.some(({ measured }) => measured === 0)
  const legend = isGuessed ? '; ~ is a guess, nothing was measured yet' : ''
  return `${found}; policy ${policy}${legend}`
}
