/** What a soak has shown, as sentences about broken promises, as a table, and as one object. */
import { cpus, loadavg, totalmem } from 'node:os'
import type { ChurnReport } from './churn.ts'
import type { KindReport, LoadReport } from './load.ts'
import type { Sample } from './samples.ts'
import { quantile } from './slope.ts'
import { judgeNode, MOST_WAITED, STALL_MS, standstills } from './verdict.ts'
import type { Figure, NodeVerdict, Standstills } from './verdict.ts'

export interface Outcome {
  readonly minutes: number
  readonly retention: string
  readonly survivors: readonly string[]
  readonly others: readonly string[]
  readonly samples: readonly Sample[]
  readonly load: LoadReport
  readonly churn: ChurnReport
  /** Ends of processes that nobody asked for, and stops that took too long. */
  readonly exits: readonly string[]
}

export interface SoakReport {
  readonly what: 'soak'
  readonly at: string
  readonly machine: Readonly<Record<string, unknown>>
  readonly minutes: number
  readonly retention: string
  readonly ok: boolean
  readonly broken: readonly string[]
  /** Of those that lived throughout. */
  readonly verdicts: readonly NodeVerdict[]
  /** Of the others. */
  readonly restarted: readonly (Standstills & { readonly node: string })[]
  readonly churn: ChurnReport
  readonly work: readonly WorkReport[]
  readonly problems: readonly string[]
}

interface WorkReport extends Omit<KindReport, 'times'> {
  readonly kind: string
  readonly p50Ms: number
  readonly p95Ms: number
}

export function reportOf(outcome: Outcome): SoakReport {
  const { minutes, retention, survivors, others, samples, load, churn, exits } = outcome
  const verdicts = survivors.map((node) => judgeNode(node, samples))
  const restarted = others.map((node) => ({ node, ...standstillsOf(node, samples) }))
  const work = Object.entries(load.kinds).map(([kind, { times, ...counts }]) => ({
    kind,
    ...counts,
    p50Ms: Math.round(quantile(times, 0.5)),
    p95Ms: Math.round(quantile(times, 0.95))
  }))
  const broken = [
    ...verdicts.flatMap(brokenBy),
    ...restarted
      .filter(({ ownStalls }) => ownStalls > 0)
      .map(({ node, longestOwnMs }) => `${node} stood still for ${longestOwnMs} ms`),
    ...exits,
    ...churn.problems,
    ...work
      .filter(({ failed }) => failed > 0)
      .map(({ kind, failed, done }) => `${kind}: ${failed} of ${done + failed} failed`)
  ]
  return {
    what: 'soak',
    at: new Date().toISOString(),
    machine: {
      cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
      memoryGb: Math.round(totalmem() / 1e9),
      node: process.version,
      load: loadavg()
    },
    minutes,
    retention,
    ok: broken.length === 0,
    broken,
    verdicts,
    restarted,
    churn,
    work,
    problems: load.problems
  }
}

function standstillsOf(node: string, samples: readonly Sample[]): Standstills {
  return standstills(
    samples.filter((sample) => sample.type === 'inside').filter((sample) => sample.node === node)
  )
}

function brokenBy(verdict: NodeVerdict): string[] {
  const { node, figures, warnings, longestOwnMs, ownStalls, waitShare } = verdict
  return [
    ...(waitShare > MOST_WAITED
      ? [
          `${node} had no core for ${percent(waitShare)} of the time: this machine is too busy to tell`
        ]
      : []),
    ...figures
      .filter(({ grown, allowed }) => grown > allowed)
      .map((one) => `${node}: ${one.name} grew by ${amount(one, one.grown)}`),
    ...(ownStalls > 0
      ? [
          `${node} stood still ${ownStalls} times for more than ${STALL_MS} ms, ${longestOwnMs} at most`
        ]
      : []),
    ...warnings.map((warning) => `${node} warned: ${warning}`)
  ]
}

/** For docs/benchmarks.md. */
export function markdownOf({
  verdicts,
  restarted,
  work,
  churn,
  broken,
  minutes
}: SoakReport): string {
  const head = ['', ...verdicts.map(({ node }) => node)]
  const lines = [row(head), row(head.map(() => '---'))]
  for (const [index, { name, unit }] of (verdicts[0]?.figures ?? []).entries()) {
    const cells = verdicts.map(({ figures }) => {
      const one = figures[index]
      return one === undefined ? '' : `${amount(one, one.median)}, ${signed(one)}`
    })
    lines.push(row([`${name}${unit === 'MB' ? ', MB' : ''}`, ...cells]))
  }
  lines.push(
    row(['longest stall, ms (with others on the core; CPU in it)', ...verdicts.map(stallOf)]),
    row(['CPU of one core', ...verdicts.map(({ cpuShare }) => percent(cpuShare))]),
    row(['waited for a core', ...verdicts.map(({ waitShare }) => percent(waitShare))])
  )
  const done = work.reduce((sum, one) => sum + one.done, 0)
  const forgiven = work.reduce((sum, one) => sum + one.forgiven, 0)
  const failed = work.reduce((sum, one) => sum + one.failed, 0)
  const worst = Math.max(0, ...restarted.map(({ longestOwnMs }) => longestOwnMs))
  return [
    ...lines,
    '',
    `${minutes} minutes; ${churn.stopped} stops, ${churn.killed} kills; ${done} pieces of work done, ${forgiven} lost with a node, ${failed} failed;`,
    `longest stall of the nodes that came and went ${worst} ms.`,
    ...(broken.length === 0 ? [] : ['', ...broken.map((sentence) => `- ${sentence}`)])
  ].join('\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function stallOf({ longestOwnMs, longestGapMs, longestCpuMs }: NodeVerdict): string {
  return `${longestOwnMs} (${longestGapMs}; ${longestCpuMs})`
}

function amount({ unit }: Figure, value: number): string {
  return unit === 'MB' ? (value / 1e6).toFixed(1) : String(Math.round(value))
}

function signed(one: Figure): string {
  const text = amount(one, one.grown)
  return text.startsWith('-') ? text : `+${text}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
