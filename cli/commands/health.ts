/** `lumos health`: whether the node is well, in one line and an exit code, for containers and monitoring. */
import type { Status } from '../../client/api.ts'
import { toLumosError, type LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { duration, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { EXIT_OF } from '../nagios.ts'
import { withLastExit } from '../run-file.ts'
import { oneLine } from '../width.ts'

/** A node that answers this late does not serve anybody; Docker and Kubernetes ask every few seconds. */
const ANSWER_TIMEOUT_MS = 4000

interface Health {
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown'
  readonly text: string
  /** Code of the error behind it. */
  readonly code?: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--ready', 'whether it takes tasks just now, not only whether it lives')
    .example('lumos health', 'exit code 0 well, 1 with a problem, 2 not there, 3 unknown')
    .example('lumos health --ready', 'for what sends it work: 2 also when it can take none')
    .example('lumos health -q || systemctl --user restart lumos', 'for a script')
    .action(async ({ ready = false }: { ready?: boolean }) => {
      const health = await examine(cli, ready)
      cli.exitCode = EXIT_OF[health.state]
      if (cli.flags.json) return cli.document({ v: 1, ...health })
      if (!cli.flags.quiet) cli.print(`${health.state.toUpperCase()} - ${oneLine(health.text)}`)
    })
}

async function examine(cli: Cli, ready: boolean): Promise<Health> {
  const options = { timeoutMs: ANSWER_TIMEOUT_MS, ...cli.call() }
  try {
    return healthOf(await cli.client().status(options), ready)
  } catch (error) {
    if (cli.signal.aborted) throw error
    return failed(await withLastExit(toLumosError(error), cli))
  }
}

/** `OK - amber-otter up 3h 12m, 7 peers, 6 agents, 2 tasks running | peers=7 agents=6 running=2` */
function healthOf(status: Status, ready: boolean): Health {
  const { name, uptimeMs, peers, agents, tasks, problems } = status
  const [problem, ...more] = problems
  const facts = [
    `${name} up ${duration(uptimeMs)}`,
    plural(peers, 'peer'),
    plural(agents, 'agent'),
    `${plural(tasks.running, 'task')} running`
  ].join(', ')
  const figures = `peers=${peers} agents=${agents} running=${tasks.running}`
  if (problem === undefined) return { state: 'ok', text: `${facts} | ${figures}` }
  const others = more.length === 0 ? '' : `, and ${plural(more.length, 'more problem')}`
  // Each task is on disk before it is accepted: a node that cannot write takes none.
  const takesNone = problems.some(({ code }) => code.startsWith('STORE_'))
  return {
    state: ready && takesNone ? 'critical' : 'warning',
    text: `${problem.message}${others}; ${facts} | ${figures}`,
    code: problem.code
  }
}

/** Nobody there, one that ends or one that does not answer: nothing can be asked of it. */
function failed(error: LumosError): Health {
  const { lastExit } = error.details
  const last = lastExit === undefined ? '' : `; last exit ${lastExit}`
  return {
    state: CRITICAL.has(error.code) ? 'critical' : 'unknown',
    text: `${error.message}${last}`,
    code: error.code
  }
}

const CRITICAL: ReadonlySet<string> = new Set([
  'DAEMON_DOWN',
  'DAEMON_STOPPED',
  'SHUTTING_DOWN',
  'TIMED_OUT',
  'OVERLOADED'
])
