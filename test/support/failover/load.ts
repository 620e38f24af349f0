/** Asks for tasks of every kind at random moments, and keeps what was heard of each and when. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunEvent } from '../../../client/api.ts'
import type { Client } from '../../../client/calls.ts'
import { textOf } from '../../../core/a2a.ts'
import { toLumosError } from '../../../core/errors.ts'
import type { Random } from '../../../core/random.ts'
import { PACE } from './pace.ts'
import type { AgentName } from './pace.ts'

/** Tasks a second that all callers together ask for. */
const RATES: Readonly<Record<AgentName, number>> = { quick: 20, slow: 8, stream: 8, once: 8 }
/** Long enough for everything but a task that its dead worker must finish. */
const TASK_MS = 30_000

/** What was heard of a task at a moment (performance.now()). */
export interface Heard {
  readonly at: number
  readonly event: RunEvent
}

export interface AskedTask {
  readonly id: string
  readonly agent: AgentName
  readonly askedAt: number
  readonly heard: readonly Heard[]
  /** How it ended. */
  readonly code: string | undefined
  /** Whether the answer is the one that this agent gives. */
  readonly whole: boolean
}

/** Resolves when all tasks have ended that were begun within `durationMs`. */
export async function askForTasks(
  { callers, random }: { readonly callers: readonly Client[]; readonly random: Random },
  durationMs: number
): Promise<readonly AskedTask[]> {
  const end = performance.now() + durationMs
  const tasks: Promise<AskedTask>[] = []

  async function keepAsking(agent: AgentName, perSecond: number): Promise<void> {
    for (let count = 0; ; count += 1) {
      // Exponential gaps: as those who do not know of each other ask.
      await delay((-Math.log(1 - random.next()) * 1000) / perSecond)
      if (performance.now() > end) return
      const caller = callers[count % callers.length]
      if (caller !== undefined) tasks.push(ask(caller, agent))
    }
  }

  await Promise.all(AGENTS.map((agent) => keepAsking(agent, RATES[agent])))
  return Promise.all(tasks)
}

const AGENTS: readonly AgentName[] = ['quick', 'slow', 'stream', 'once']
const COUNT = Array.from({ length: PACE.stream.pieces }, (_, piece) => `${piece} `).join('')

async function ask(caller: Client, agent: AgentName): Promise<AskedTask> {
  const id = randomUUID()
  const heard: Heard[] = []
  const askedAt = performance.now()
  let [code, whole]: [string | undefined, boolean] = [undefined, false]
  try {
    const request = { target: `@${agent}`, text: id, taskId: id, timeoutMs: TASK_MS }
    for await (const event of caller.run(request)) {
      heard.push({ at: performance.now(), event })
      if (event.type !== 'result') continue
      code = event.error?.code
      const text = event.task.artifacts.map(({ parts }) => textOf(parts)).join('|')
      whole = text === (agent === 'stream' ? COUNT : id)
    }
  } catch (error) {
    code = toLumosError(error).code
  }
  return { id, agent, askedAt, heard, code, whole }
}

/** Fills all places of one agent at one worker, and the line before them, ten times over, until `signal` aborts. */
export async function flood(caller: Client, worker: string, signal: AbortSignal): Promise<void> {
  const perSecond = (10 * PACE.places * 1000) / PACE.slow.pauseMs
  const asked: Promise<void>[] = []
  while (!signal.aborted) {
    asked.push(askInVain(caller, worker))
    await delay(1000 / perSecond, undefined, { signal }).catch(() => undefined)
  }
  await Promise.all(asked)
}

/** Who is flooded refuses most of it: of that nothing is promised. */
async function askInVain(caller: Client, worker: string): Promise<void> {
  try {
    const request = { target: '@slow', to: worker, text: 'flood', timeoutMs: 5000 }
    for await (const _ of caller.run(request));
  } catch {
    // Refused.
  }
}
