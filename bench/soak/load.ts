/** Does work of all kinds at random moments, and keeps what came of it. */
import { setTimeout as delay } from 'node:timers/promises'
import { toLumosError } from '../../core/errors.ts'
import { DOOR_KINDS } from './door-kinds.ts'
import { MEMORY_KINDS } from './memory-kinds.ts'
import type { SoakNode } from './node.ts'
import { TASK_KINDS } from './task-kinds.ts'
import { NobodyThere, pick, type Doing, type Kind, type World } from './world.ts'

/** Work that only waits, such as watching, ends then by itself. */
const LONGEST_MS = 8000
/** One that takes so long hangs. */
const HUNG_MS = 60_000
/** A node that has just come back knows the others after some seconds; one that was killed is missed as late as that. */
const SETTLING_MS = 20_000
/** More of one kind at once would be a closed loop in disguise. */
const MOST_AT_ONCE = 32
const PROBLEMS_KEPT = 200

export interface KindReport {
  done: number
  /** While one of those it needed was away, or had just gone or come. */
  forgiven: number
  failed: number
  /** Not begun, as too much of that kind was under way. */
  skipped: number
  readonly times: number[]
}

export interface LoadReport {
  readonly kinds: Readonly<Record<string, KindReport>>
  readonly problems: readonly string[]
}

export interface Load {
  /** Resolves when all has ended that was begun. */
  stop(): Promise<LoadReport>
}

/** What may be told of a task whose worker went away, and cannot be done twice. */
const LOSSES: ReadonlySet<string> = new Set([
  'TASK_INTERRUPTED',
  'HOST_DIED',
  'PEER_UNREACHABLE',
  'NO_ROUTE',
  'SHUTTING_DOWN'
])

const KINDS = { ...TASK_KINDS, ...MEMORY_KINDS, ...DOOR_KINDS }

export function startLoad(world: World, intensity: number): Load {
  const running = new AbortController()
  const work = new Set<Promise<unknown>>()
  const problems: string[] = []
  const kinds: Record<string, KindReport> = {}

  async function begin(name: string, kind: Kind): Promise<void> {
    const report: KindReport = { done: 0, forgiven: 0, failed: 0, skipped: 0, times: [] }
    kinds[name] = report
    let underWay = 0
    while (!running.signal.aborted) {
      // Exponential gaps: as those who do not know of each other ask.
      const gap = (-Math.log(1 - world.random.next()) * 1000) / (kind.perSecond * intensity)
      await delay(gap, undefined, { signal: running.signal }).catch(() => undefined)
      if (running.signal.aborted) return
      if (underWay >= MOST_AT_ONCE) {
        report.skipped += 1
        continue
      }
      underWay += 1
      const doing = once(world, kind, report)
      work.add(doing)
      void doing.then((problem) => {
        underWay -= 1
        work.delete(doing)
        if (problem === undefined || problems.length >= PROBLEMS_KEPT) return undefined
        return problems.push(`${new Date().toISOString()} ${name}: ${problem}`)
      })
    }
  }

  const begun = Object.entries(KINDS).map(([name, kind]) => begin(name, kind))
  return {
    async stop() {
      running.abort()
      await Promise.all(begun)
      await Promise.all(work)
      return { kinds, problems }
    }
  }
}

/** What was wrong, if it was. */
async function once(world: World, kind: Kind, report: KindReport): Promise<string | undefined> {
  const asked: SoakNode[] = []
  const began = performance.now()
  const doing: Doing = {
    random: world.random,
    signal: AbortSignal.timeout(LONGEST_MS),
    node: () => {
      const up = world.nodes.filter(({ isUp }) => isUp)
      const one = pick(world.random, up)
      asked.push(one)
      return one
    }
  }
  try {
    await Promise.race([kind.run(doing), hangs(began)])
    report.done += 1
    report.times.push(performance.now() - began)
  } catch (error) {
    if (error instanceof NobodyThere) return undefined
    if (doing.signal.aborted && isEndOfWait(error)) {
      report.done += 1
      return undefined
    }
    if (asked.some((node) => wasAway(node, began)) || isLoss(world, error, began)) {
      report.forgiven += 1
      return undefined
    }
    report.failed += 1
    return `${asked.map(({ name }) => name).join(' to ')}: ${told(error)}`
  }
  return undefined
}

async function hangs(began: number): Promise<never> {
  await delay(HUNG_MS, undefined, { ref: false })
  throw new Error(`no end within ${Math.round((performance.now() - began) / 1000)} s`)
}

function isEndOfWait(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

/** Of a worker that nobody named, which was killed or stopped. */
function isLoss({ nodes }: World, error: unknown, began: number): boolean {
  const { code } = toLumosError(error)
  return LOSSES.has(code) && nodes.some((node) => wasAway(node, began))
}

function wasAway(node: SoakNode, since: number): boolean {
  const lately = since - SETTLING_MS
  return !node.isUp || node.startedAt > lately || node.stoppedAt > lately
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, details } = toLumosError(error)
  return code === 'INTERNAL' ? error.message : `${code} ${JSON.stringify(details)}`
}
