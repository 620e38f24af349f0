/** `lumos bench`: how much the swarm does, measured against a peer or between temporary nodes. */
import { appendFile, writeFile } from 'node:fs/promises'
import { EXIT } from '../../core/error-table.ts'
import { LIMITS } from '../../core/limits.ts'
import { countFlag, durationFlag, usage } from '../arguments.ts'
import type { Field } from '../bench/field.ts'
import type { Second, Total } from '../bench/load.ts'
import type { Report } from '../bench/report.ts'
import type { Kind } from '../bench/workloads.ts'
import type { Cli } from '../cli.ts'
import { bytes, duration, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { oneLine } from '../width.ts'

/** More nodes than that measure the machine's patience: each takes some 100 MB. */
const MOST_NODES = 16
/** Each caller has a connection to a control socket at a time. */
const MOST_CALLERS = LIMITS.controlConnections.value / 2
/** Echo sends all of it back, and a task has to fit into one message. */
const MOST_BYTES = 1024 * 1024

interface BenchFlags {
  readonly peer?: string
  readonly spawn?: string
  readonly callers: string
  readonly duration: string
  readonly size?: string
  readonly csv?: string
}

interface Plan {
  readonly kind: Kind
  readonly peer?: string
  readonly spawn: number
  readonly callers: number
  readonly durationMs: number
  readonly size: number
  readonly csv?: string
}

const MEANINGS: Readonly<Record<Kind, string>> = {
  ping: 'empty calls, there and back',
  task: 'tasks for the agent echo on another node',
  stream: 'answers that come in many parts',
  memory: 'writes to shared memory, in a corner that is removed afterwards',
  dht: 'searches through the DHT'
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos bench task', 'two temporary nodes, 16 callers, 10 s')
    .example('lumos bench task --spawn 3 -c 32 -d 30s', 'three nodes, more callers, longer')
    .example('lumos bench ping --peer bob', 'from this node to a peer of it')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets the names
  for (const kind of Object.keys(MEANINGS) as Kind[]) defineKind(command, kind, cli)
}

function defineKind(command: LumosCommand, kind: Kind, cli: Cli): void {
  command
    .command(kind)
    .description(MEANINGS[kind])
    .option('--peer <peer>', 'between this node and a peer: name, PeerId, or a beginning of it')
    .option('--spawn <n>', 'between so many temporary nodes, gone afterwards (default: 2)')
    .option('-c, --callers <n>', 'who ask at the same time', '16')
    .option('-d, --duration <time>', 'how long: 10s, 1m', '10s')
    .option('--size <bytes>', 'payload of one operation')
    .option('--csv <file>', 'one line a second, for a spreadsheet')
    .example(`lumos bench ${kind}`, 'between two temporary nodes')
    .example(`lumos bench ${kind} --peer bob -d 30s`, 'against a peer')
    .action(async (flags: BenchFlags) => {
      const { USUAL_SIZE } = await import('../bench/workloads.ts')
      await bench(cli, planOf(kind, flags, USUAL_SIZE[kind]))
    })
}

function planOf(kind: Kind, flags: BenchFlags, usualSize: number): Plan {
  const command = `bench ${kind}`
  if (flags.peer !== undefined && flags.spawn !== undefined) {
    throw usage('either --peer or --spawn', { command })
  }
  const spawn = flags.peer === undefined ? countFlag(flags.spawn ?? '2', 2) : 0
  const callers = countFlag(flags.callers)
  const size = flags.size === undefined ? usualSize : countFlag(flags.size)
  for (const [name, value, most] of [
    ['--spawn', spawn, MOST_NODES],
    ['--callers', callers, MOST_CALLERS],
    ['--size', size, MOST_BYTES]
  ] as const) {
    if (value > most) throw usage(`${name} is ${most} at most`, { command })
  }
  return {
    kind,
    spawn,
    callers,
    size,
    durationMs: durationFlag(flags.duration),
    ...(flags.peer !== undefined && { peer: flags.peer }),
    ...(flags.csv !== undefined && { csv: flags.csv })
  }
}

async function bench(cli: Cli, plan: Plan): Promise<void> {
  const { peerField, spawnField } = await import('../bench/field.ts')
  const { CSV_HEAD, reportLines } = await import('../bench/report.ts')
  // A file that cannot be written is better known before than afterwards.
  if (plan.csv !== undefined) await writeFile(plan.csv, `${CSV_HEAD}\n`)
  const progress = createProgress(cli)
  progress.show(plan.peer === undefined ? `starting ${plan.spawn} nodes` : `asking ${plan.peer}`)
  let field: Field | undefined
  try {
    field =
      plan.peer === undefined ? await spawnField(cli, plan.spawn) : await peerField(cli, plan.peer)
    const report = await measure(cli, field, { plan, show: (text) => progress.show(text) })
    progress.show('cleaning up')
    await field.leave()
    progress.clear()
    if (report.failed > 0) cli.exitCode = EXIT.failed
    if (cli.flags.json) return cli.document(report)
    cli.note(headOf(plan))
    for (const line of reportLines(report, cli.out())) cli.print(line)
  } finally {
    progress.clear()
    await field?.leave()
  }
}

function headOf({ spawn, peer, callers, kind, size, durationMs }: Plan): string {
  const where =
    peer === undefined
      ? `${spawn} temporary nodes on this machine`
      : `this node and ${oneLine(peer)}`
  const payload = size === 0 ? '' : `, ${bytes(size)}`
  return `${where}, ${plural(callers, 'caller')}, ${kind}${payload}, ${duration(durationMs)}`
}

interface Measuring {
  readonly plan: Plan
  readonly show: (text: string) => void
}

async function measure(cli: Cli, field: Field, { plan, show }: Measuring): Promise<Report> {
  const { putLoad } = await import('../bench/load.ts')
  const { createWorkload } = await import('../bench/workloads.ts')
  const { watchUse } = await import('../bench/field.ts')
  const { csvLine, reportOf } = await import('../bench/report.ts')
  const { kind, callers, durationMs, size, csv } = plan
  const workload = createWorkload(cli, { field, kind, size, durationMs })
  const use = await watchUse(cli, field)
  const rows: string[] = []
  const onSecond = (second: Second, total: Total): void => {
    rows.push(csvLine(kind, second))
    show(liveText(second, total, durationMs))
  }
  show(`${kind}: ${plural(callers, 'caller')}`)
  let total: Total | undefined
  let finished: Awaited<ReturnType<typeof workload.finish>> = {}
  try {
    const load = { callers, durationMs, act: workload.act, onSecond }
    total = await putLoad(cli.clock, load, cli.signal)
  } finally {
    finished = await workload.finish(total !== undefined)
  }
  if (csv !== undefined) await appendFile(csv, rows.map((row) => `${row}\n`).join(''))
  return reportOf(total, {
    kind,
    spawned: plan.spawn,
    callers,
    sizeBytes: size,
    names: namesOf(field, kind),
    use: await use(),
    ...finished,
    ...(plan.peer !== undefined && { peer: plan.peer })
  })
}

/** Those that can have a share: a peer works for its asker, and who writes or searches does it itself. */
function namesOf({ temporary, nodes }: Field, kind: Kind): readonly string[] {
  const [own, ...others] = nodes.map(({ name }) => name)
  if (temporary || own === undefined) return nodes.map(({ name }) => name)
  return kind === 'memory' || kind === 'dht' ? [own] : others
}

function liveText({ number, done, latencies }: Second, total: Total, durationMs: number): string {
  const p50 = latencies.quantile(0.5)
  const latency = p50 === null ? '' : `  p50 ${duration(p50)}`
  const failed = [...total.errors.values()].reduce((sum, count) => sum + count, 0)
  const trouble = `${failed > 0 ? `  errors ${failed}` : ''}${total.refused > 0 ? `  refused ${total.refused}` : ''}`
  return `${number} of ${Math.ceil(durationMs / 1000)} s   ${done.toLocaleString('en-US')}/s${latency}${trouble}`
}
