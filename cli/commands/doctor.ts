/** `lumos doctor`: what is wrong, where, and what to do; exit codes as monitoring expects them. */
import type { Check, DoctorReport } from '../../client/doctor-api.ts'
import { toLumosError, type LumosError } from '../../core/errors.ts'
import { portHolder } from '../../core/port-holder.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { applyLocalFix, fixableChecks, isLocalFix } from '../doctor-fixes.ts'
import { renderReport, summary, worst } from '../doctor-report.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { EXIT_OF } from '../nagios.ts'
import { offlineChecks } from '../offline-checks.ts'
import { readRunFile, withLastExit } from '../run-file.ts'
import { oneLine } from '../width.ts'

/** What a node that runs looks after itself. */
const OF_NODE: ReadonlySet<string> = new Set(['Network', 'Database', 'Disk'])

interface DoctorFlags {
  readonly peer?: string
  readonly fix?: boolean
  readonly yes?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option(
      '--peer <peer>',
      'why this peer cannot be reached: name, PeerId, multiaddr or host:port'
    )
    .option('--fix', 'mend what can be mended without loss, and say what was done')
    .option('-y, --yes', 'with --fix: do not ask')
    .example('lumos doctor', 'this node, from its disk to its peers')
    .example('lumos doctor --peer bob', 'one peer: each address tried now, step by step')
    .example('lumos doctor --peer 192.168.1.9:5866', 'a machine that this node does not know yet')
    .example('lumos doctor --fix', 'rights of files, leftovers, what has died')
    .example(
      'lumos doctor --json | jq ".checks[] | select(.state != \\"ok\\")"',
      'what is not well'
    )
    .action(async (flags: DoctorFlags) => {
      if (flags.fix === true && flags.peer !== undefined) {
        throw usage('--fix is about this node: leave out --peer')
      }
      const before = await examine(cli, flags.peer)
      const mended = flags.fix === true && (await mend(cli, before, flags.yes === true))
      show(cli, mended ? await examine(cli, undefined) : before, flags)
    })
}

function show(cli: Cli, report: DoctorReport, { peer }: DoctorFlags): void {
  cli.exitCode = EXIT_OF[worst(report.checks)]
  if (cli.flags.json) return cli.document(report)
  const { out } = cli.terminal
  const lines = renderReport(report, {
    style: cli.out(),
    columns: out.isTerminal ? out.columns() : undefined,
    detailed: peer !== undefined
  })
  for (const line of lines) cli.print(line)
  cli.note(summary(report.checks))
  const count = fixesIn(report).length
  if (count > 0) cli.note(`${plural(count, 'thing')} can be mended: lumos doctor --fix`)
}

async function examine(cli: Cli, peer: string | undefined): Promise<DoctorReport> {
  try {
    const online = await cli.client().doctor({ ...cli.call(), peer })
    if (peer !== undefined) return online
    const offline = (await ownChecks(cli)).filter(({ area }) => !OF_NODE.has(area))
    return { v: 1, checks: [...offline, ...online.checks] }
  } catch (error) {
    const failure = toLumosError(error)
    if (failure.code !== 'DAEMON_DOWN' || peer !== undefined) throw error
    const down = await downCheck(cli, await withLastExit(failure, cli))
    return { v: 1, checks: [...(await ownChecks(cli)), down] }
  }
}

async function ownChecks(cli: Cli): Promise<Check[]> {
  const [looked, fixable] = await Promise.all([
    offlineChecks(cli.paths()),
    fixableChecks(cli.paths(), cli.clock.now())
  ])
  return [...looked, ...fixable]
}

function fixesIn({ checks }: DoctorReport): readonly string[] {
  return [...new Set(checks.flatMap(({ fix }) => (fix === undefined ? [] : [fix])))]
}

/** True when something was done. */
async function mend(cli: Cli, report: DoctorReport, yes: boolean): Promise<boolean> {
  const fixes = fixesIn(report)
  if (fixes.length === 0) {
    cli.note('nothing can be mended from here')
    return false
  }
  const about = report.checks.filter(({ fix }) => fix !== undefined)
  for (const { text } of about) cli.note(`  ${oneLine(text)}`)
  if (!yes && !(await agreed(cli, fixes.length))) return false
  const now = cli.clock.now()
  for (const fix of fixes.filter(isLocalFix)) {
    // oxlint-disable-next-line no-await-in-loop -- each says what it did before the next begins
    cli.note(`${cli.err().good('✓')} ${oneLine(await applyLocalFix(cli.paths(), fix, now))}`)
  }
  const ofNode = fixes.filter((fix) => !isLocalFix(fix))
  if (ofNode.length === 0) return true
  const { done } = await cli.client().fix(ofNode, cli.call())
  for (const { ok, text } of done) {
    cli.note(`${ok ? cli.err().good('✓') : cli.err().bad('✗')} ${oneLine(text)}`)
  }
  return true
}

async function agreed(cli: Cli, count: number): Promise<boolean> {
  const { input, err } = cli.terminal
  if (!input.isTerminal || cli.flags.json) {
    cli.note('nothing was changed: lumos doctor --fix --yes')
    return false
  }
  err.write(`mend ${plural(count, 'thing')}? [y/N] `)
  return /^y(es)?$/i.test((await input.readLine(cli.signal))?.trim() ?? '')
}

async function downCheck(cli: Cli, error: LumosError): Promise<Check> {
  const taken = await takenPort(cli)
  if (taken !== undefined) return taken
  const { lastExit } = error.details
  const text = lastExit === undefined ? 'not running' : `not running; last exit ${lastExit}`
  // Never started, or stopped on request, is a state; a crash is a finding.
  const wanted = lastExit === undefined || String(lastExit).includes('by request')
  return {
    area: 'Daemon',
    name: 'running',
    state: wanted ? 'warning' : 'critical',
    text,
    code: wanted ? 'down' : 'crashed',
    hint: wanted ? 'lumos up' : 'lumos logs; then lumos up'
  }
}

/** The last start ended at a port that somebody has: whether they still have it, and who they are. */
async function takenPort(cli: Cli): Promise<Check | undefined> {
  const error = (await readRunFile(cli.paths().run))?.exit?.error
  if (error?.code !== 'PORT_IN_USE') return undefined
  const address = String(error.details?.['address'] ?? '')
  const port = /\/tcp\/(\d+)/.exec(address)?.[1]
  const holder = port === undefined ? undefined : await portHolder(Number(port))
  if (port === undefined || holder === undefined) return undefined
  const { pid, program } = holder
  const who = pid === undefined ? 'a process of another user' : `${program} (pid ${pid})`
  return {
    area: 'Daemon',
    name: 'running',
    state: 'critical',
    code: 'port-taken',
    text: `not running: it was to listen on TCP port ${port}, which is taken by ${who}`,
    hint: `lumos up --listen /ip4/0.0.0.0/tcp/0   takes a free one${pid === undefined ? '' : `; or: kill ${pid}; lumos up`}`
  }
}
