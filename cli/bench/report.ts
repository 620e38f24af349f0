/** What a bench came to: a document, lines for people, and a table for a spreadsheet. */
import { bytes, duration } from '../format.ts'
import type { Style } from '../style.ts'
import { oneLine, padEnd } from '../width.ts'
import type { NodeUse } from './field.ts'
import { fairness } from './latencies.ts'
import type { Latencies } from './latencies.ts'
import type { Second, Total } from './load.ts'
import type { Kind } from './workloads.ts'

export interface Report {
  readonly v: 1
  readonly kind: Kind
  /** Temporary nodes on this machine; 0 against a peer. */
  readonly spawned: number
  readonly peer?: string
  readonly callers: number
  readonly sizeBytes: number
  readonly tookMs: number
  readonly done: number
  readonly refused: number
  readonly failed: number
  readonly errors: Readonly<Record<string, number>>
  /** Done in a second. */
  readonly rate: number
  readonly bytesPerSecond: number
  readonly latency: Quantiles
  /** Until the first part of an answer; only of streams. */
  readonly first?: Quantiles
  readonly byNode: readonly { readonly name: string; readonly rate: number }[]
  /** Jain's index of the shares of the nodes. */
  readonly fairness: number
  /** Until the last write was on all nodes; only of memory. */
  readonly spreadMs?: number
  readonly use: readonly NodeUse[]
}

/** Milliseconds; null without any. */
export interface Quantiles {
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number
}

export interface ReportInit {
  readonly kind: Kind
  readonly spawned: number
  readonly peer?: string
  readonly callers: number
  readonly sizeBytes: number
  /** Who could have done something, in the order of the report. */
  readonly names: readonly string[]
  readonly spreadMs?: number
  readonly use: readonly NodeUse[]
}

export function reportOf(total: Total, { names, use, spreadMs, ...init }: ReportInit): Report {
  const { done, refused, errors, tookMs, byNode, latencies, first } = total
  const share = 1000 / Math.max(1, tookMs)
  const shares = names.map((name) => ({ name, rate: (byNode.get(name) ?? 0) * share }))
  return {
    v: 1,
    ...init,
    tookMs: Math.round(tookMs),
    done,
    refused,
    failed: [...errors.values()].reduce((sum, count) => sum + count, 0),
    errors: Object.fromEntries(errors),
    rate: done * share,
    bytesPerSecond: total.bytes * share,
    latency: quantilesOf(latencies),
    ...(first.count > 0 && { first: quantilesOf(first) }),
    byNode: shares,
    fairness: fairness(shares.map(({ rate }) => rate)),
    ...(spreadMs !== undefined && { spreadMs }),
    use
  }
}

function quantilesOf(latencies: Latencies): Quantiles {
  return {
    p50Ms: microseconds(latencies.quantile(0.5)),
    p95Ms: microseconds(latencies.quantile(0.95)),
    p99Ms: microseconds(latencies.quantile(0.99)),
    maxMs: microseconds(latencies.maxMs)
  }
}

/** More digits than that are noise. */
function microseconds<T extends number | null>(ms: T): T | number {
  return ms === null ? ms : Math.round(ms * 1000) / 1000
}

const DONE: Readonly<Record<Kind, string>> = {
  ping: 'answered',
  task: 'delegated',
  stream: 'streamed',
  memory: 'written',
  dht: 'searched'
}
const LABEL_WIDTH = 9

export function reportLines(report: Report, style: Style): string[] {
  const { kind, rate, bytesPerSecond, latency, refused, failed, errors, first, spreadMs } = report
  const row = (label: string, parts: readonly string[]): string =>
    `${style.faint(padEnd(label, LABEL_WIDTH))}  ${parts.filter((part) => part !== '').join('   ')}`
  const codes = Object.entries(errors).map(([code, count]) => `${code} ${count}`)
  const trouble = failed > 0 ? style.bad(`errors ${failed} (${codes.join(', ')})`) : 'errors 0'
  const throughput = bytesPerSecond > 0 ? `${bytes(bytesPerSecond)}/s` : ''
  const lines = [
    row(DONE[kind], [
      style.strong(perSecond(rate)),
      throughput,
      quantilesText(latency),
      trouble,
      refused > 0 ? style.doubtful(`refused ${refused}`) : ''
    ])
  ]
  if (first !== undefined) lines.push(row('first', [quantilesText(first)]))
  const shares = report.byNode.map(
    ({ name, rate: share }) => `${oneLine(name)} ${perSecond(share)}`
  )
  if (shares.length > 1) {
    lines.push(row('by node', [shares.join('  '), `fairness ${report.fairness.toFixed(2)}`]))
  }
  if (spreadMs !== undefined)
    lines.push(row('spread', [`last write on all nodes after ${duration(spreadMs)}`]))
  if (report.use.length > 0) lines.push(row('nodes', [useText(report.use)]))
  return lines
}

function perSecond(rate: number): string {
  const digits = rate < 10 ? 1 : 0
  return `${rate.toLocaleString('en-US', { maximumFractionDigits: digits })}/s`
}

function quantilesText({ p50Ms, p95Ms, p99Ms }: Quantiles): string {
  if (p50Ms === null || p95Ms === null || p99Ms === null) return ''
  return `p50 ${duration(p50Ms)}  p95 ${duration(p95Ms)}  p99 ${duration(p99Ms)}`
}

/** CPU of all together, memory of one. */
function useText(use: readonly NodeUse[]): string {
  const cpu = use.reduce((sum, node) => sum + node.cpu, 0)
  const rss = use.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / use.length
  return `cpu ${Math.round(100 * cpu)}%   rss ${bytes(rss)}${use.length > 1 ? '/node' : ''}`
}

export const CSV_HEAD = 'kind,second,done,refused,failed,p50_ms,p95_ms,p99_ms'

/** One line for each second of a run. */
export function csvLine(kind: Kind, { number, done, refused, failed, latencies }: Second): string {
  const ms = [0.5, 0.95, 0.99].map((share) => latencies.quantile(share)?.toFixed(3) ?? '')
  return [kind, number, done, refused, failed, ...ms].join(',')
}
