/** `lumos doctor`: what is wrong, where, and what to do; exit codes as monitoring expects them. */
import type { Check, CheckState, DoctorReport } from '../../client/api.ts'
import { toLumosError, type LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { EXIT_OF } from '../nagios.ts'
import { offlineChecks } from '../offline-checks.ts'
import { withLastExit } from '../run-file.ts'
import type { Style } from '../style.ts'
import { oneLine, padEnd } from '../width.ts'

/** What a node that runs looks after itself. */
const OF_NODE: ReadonlySet<string> = new Set(['Network', 'Database', 'Disk'])
/** Worst first: what is unknown weighs less than what is known to be bad. */
const BY_WEIGHT: readonly CheckState[] = ['critical', 'warning', 'unknown', 'ok']

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--peer <peer>', 'why this peer cannot be reached')
    .example('lumos doctor', 'this node, from its disk to its peers')
    .example('lumos doctor --peer bob', 'one peer: each address and its own failure')
    .example(
      'lumos doctor --json | jq ".checks[] | select(.state != \\"ok\\")"',
      'what is not well'
    )
    .action(async ({ peer }: { peer?: string }) => {
      const report = await examine(cli, peer)
      cli.exitCode = EXIT_OF[worst(report.checks)]
      if (cli.flags.json) return cli.document(report)
      for (const line of renderReport(report, cli.out())) cli.print(line)
      cli.note(summary(report.checks))
    })
}

async function examine(cli: Cli, peer: string | undefined): Promise<DoctorReport> {
  try {
    const online = await cli.client().doctor({ ...cli.call(), peer })
    if (peer !== undefined) return online
    const offline = (await offlineChecks(cli.paths())).filter(({ area }) => !OF_NODE.has(area))
    return { v: 1, checks: [...offline, ...online.checks] }
  } catch (error) {
    const failure = toLumosError(error)
    if (failure.code !== 'DAEMON_DOWN' || peer !== undefined) throw error
    const down = downCheck(await withLastExit(failure, cli))
    return { v: 1, checks: [...(await offlineChecks(cli.paths())), down] }
  }
}

function downCheck(error: LumosError): Check {
  const { lastExit } = error.details
  const text = lastExit === undefined ? 'not running' : `not running; last exit ${lastExit}`
  // Never started, or stopped on request, is a state; a crash is a finding.
  const wanted = lastExit === undefined || String(lastExit).includes('by request')
  return {
    area: 'Daemon',
    name: 'running',
    state: wanted ? 'warning' : 'critical',
    text,
    hint: wanted ? 'lumos up' : 'lumos logs; then lumos up'
  }
}

function worst(checks: readonly Check[]): CheckState {
  return BY_WEIGHT.find((state) => checks.some((check) => check.state === state)) ?? 'unknown'
}

export function renderReport({ checks }: DoctorReport, style: Style): string[] {
  const marks: Record<CheckState, string> = {
    ok: style.good('✓'),
    warning: style.doubtful('!'),
    critical: style.bad('✗'),
    unknown: style.doubtful('?')
  }
  const width = Math.max(...checks.map(({ area }) => area.length), 0)
  let before = ''
  return checks.flatMap(({ area, state, text, hint }) => {
    const label = padEnd(area === before ? '' : area, width)
    before = area
    const line = `${style.strong(label)}  ${marks[state]} ${oneLine(text)}`
    const advice = `${' '.repeat(width)}    try: ${style.accent(oneLine(hint ?? ''))}`
    return hint === undefined || state === 'ok' ? [line] : [line, advice]
  })
}

function summary(checks: readonly Check[]): string {
  const count = (state: CheckState): number =>
    checks.filter((check) => check.state === state).length
  const found = [
    ...(count('critical') > 0 ? [plural(count('critical'), 'problem')] : []),
    ...(count('warning') > 0 ? [plural(count('warning'), 'warning')] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} unknown`] : [])
  ]
  return found.length === 0 ? 'all is well' : found.join(', ')
}
