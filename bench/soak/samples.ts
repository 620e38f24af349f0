/** Looks at every node from outside and at what its probe wrote, every few seconds, and keeps it all in a file. */
import { appendFileSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { workOf } from '../footprint/mappings.ts'
import type { SoakNode } from './node.ts'

/** What the kernel, the file system and the node's own metrics say. */
export interface OutsideSample {
  readonly type: 'outside'
  readonly node: string
  readonly at: number
  readonly pid: number
  readonly rssBytes: number
  readonly cpuMs: number
  readonly threads: number
  readonly fds: number
  readonly sockets: number
  readonly databaseBytes: number
  readonly homeBytes: number
  /** Of `/metrics`; absent when it did not answer. */
  readonly sessions?: number
  readonly memoryEntries?: number
  /** Longest lateness of the event loop that the node itself has seen, ms. */
  readonly lagMs?: number
}

export interface Stall {
  readonly at: number
  readonly gapMs: number
  /** Without the time in which other processes had the core. */
  readonly ownMs: number
  readonly cpuMs: number
}

export interface Census {
  readonly heapBytes: number
  /** Not in every census. */
  readonly listeners?: number
  readonly eventTargets?: number
  readonly timers?: number
  readonly tookMs: number
}

/** What the probe inside of it says (probe.cjs). */
export interface InsideSample {
  readonly type: 'inside'
  readonly node: string
  readonly at: number
  readonly pid: number
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
  readonly liveBytes?: number
  readonly fullCollections: number
  readonly collectionMs: number
  readonly gapMs: number
  readonly ownMs: number
  readonly stalls: readonly Stall[]
  /** How long the main thread had no core since the sample before, though it could have run. */
  readonly waitedMs: number
  readonly resources: Readonly<Record<string, number>>
  readonly listeners: number
  readonly warnings: Readonly<Record<string, number>>
  readonly census?: Census
}

export type Sample = OutsideSample | InsideSample

const PAGE_BYTES = 4096

/** Until `signal` aborts. */
export async function takeSamples(
  nodes: readonly SoakNode[],
  { file, everyMs, signal }: { file: string; everyMs: number; signal: AbortSignal }
): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const read = new Map<SoakNode, number>()
  const keep = (sample: Sample): void => {
    samples.push(sample)
    appendFileSync(file, `${JSON.stringify(sample)}\n`)
  }
  for (let due = performance.now(); !signal.aborted; due += everyMs) {
    for (const node of nodes) {
      const outside = await lookAt(node)
      if (outside !== undefined) keep(outside)
      for (const sample of newLines(node, read)) keep(sample)
    }
    const rest = Math.max(0, due + everyMs - performance.now())
    await delay(rest, undefined, { signal }).catch(() => undefined)
  }
  for (const node of nodes) for (const sample of newLines(node, read)) keep(sample)
  return samples
}

async function lookAt(node: SoakNode): Promise<OutsideSample | undefined> {
  const { pid, name } = node
  if (pid === undefined) return undefined
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    const database = bytesIn(join(node.home, 'data/database'))
    return {
      type: 'outside',
      node: name,
      at: Date.now(),
      pid,
      rssBytes: Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES,
      cpuMs: workOf(pid).cpuMs,
      threads: readdirSync(`/proc/${pid}/task`).length,
      fds: links.length,
      sockets: links.filter((link) => link.startsWith('socket:')).length,
      databaseBytes: database,
      homeBytes: bytesIn(join(node.home, 'data')),
      ...(await told(node))
    }
  } catch {
    // It was stopped meanwhile.
    return undefined
  }
}

async function told({ client }: SoakNode): Promise<Partial<OutsideSample>> {
  try {
    const text = await client.metrics({ signal: AbortSignal.timeout(5000) })
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.+)$`, 'gm'))].reduce(
        (total, [, value]) => total + Number(value),
        0
      )
    const [, lag = '0'] = /^nodejs_eventloop_lag_seconds\{stat="max"\} (.+)$/m.exec(text) ?? []
    return {
      sessions: sum('lumos_sessions'),
      memoryEntries: sum('lumos_memory_entries'),
      lagMs: Number(lag) * 1000
    }
  } catch {
    return {}
  }
}

function* newLines(node: SoakNode, read: Map<SoakNode, number>): Generator<InsideSample> {
  let text: string
  try {
    text = readFileSync(node.probeFile, 'utf8')
  } catch {
    return
  }
  const from = read.get(node) ?? 0
  const to = text.lastIndexOf('\n') + 1
  read.set(node, to)
  for (const line of text.slice(from, to).split('\n')) {
    if (line !== '') yield { ...JSON.parse(line), type: 'inside', node: node.name }
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // Closed meanwhile.
    return ''
  }
}

/** Files below a folder; some come and go while one looks. */
function bytesIn(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}
