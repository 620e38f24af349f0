/** The agents of the task simulation, and the record of what they were made to do. */
import { LumosError } from '../../../core/errors.ts'
import type { StreamResponse } from '../../../core/a2a.ts'
import type { Random } from '../../../core/random.ts'
import type {
  AgentRunner,
  AgentTraits,
  AgentUtterance,
  AgentWork
} from '../../../tasks/worker/execution.ts'
import type { Life } from './machine.ts'
import type { Trace } from './trace.ts'

const PIECES = ['one ', 'two ', 'three ', 'four ', 'five']

/** What every agent that completes has said, whatever happened on the way: artifacts by id. */
export const WHOLE: Readonly<Record<string, string>> = {
  result: PIECES.join(''),
  report: 'done'
}

/** More than a reader may be behind (LIMITS.subscriberBacklog), in pieces of one event each. */
const FLOOD = { pieces: 28, piece: 'x'.repeat(60_000), pauseMs: 60 }
export const FLOODED: Readonly<Record<string, string>> = {
  result: FLOOD.piece.repeat(FLOOD.pieces)
}

/** The longest pause of an agent between two pieces, milliseconds. */
const PAUSE_MS = 200

export const AGENTS = {
  harmless: { idempotent: true, resumable: false },
  harmful: { idempotent: false, resumable: false },
  resumable: { idempotent: false, resumable: true },
  /** May be done by two at the same time, and goes on where another one was. */
  careful: { idempotent: true, resumable: true },
  /** Says something, and works until it is told to stop. */
  endless: { idempotent: false, resumable: false },
  /** So does this one, but it may be begun again. */
  patient: { idempotent: true, resumable: false },
  flood: { idempotent: true, resumable: false }
} as const satisfies Readonly<Record<string, AgentTraits>>

export type AgentName = keyof typeof AGENTS

export interface Run {
  readonly agent: string
  readonly resumed: boolean
  /** Whether another node had begun it. */
  readonly elsewhere: boolean
  /** Whether it is still at work. */
  active: boolean
}

export interface AgentsComponents {
  readonly random: Random
  readonly trace: Trace
}

export class Agents {
  /** Of each task, by `<caller>/<task>`. */
  readonly runs = new Map<string, Run[]>()
  readonly #parts: AgentsComponents

  constructor(parts: AgentsComponents) {
    this.#parts = parts
  }

  runnerOf(life: Life, changed = (traits: AgentTraits) => traits): AgentRunner {
    return {
      traits: (id) => (id in AGENTS ? changed(AGENTS[id as AgentName]) : undefined),
      run: (work) => this.#run(work, life)
    }
  }

  async *#run(work: AgentWork, life: Life): AsyncIterable<AgentUtterance> {
    if (!life.alive) return
    const { agentId, caller, taskId, resumed } = work
    const name = `${caller}/${taskId}`
    const run = {
      agent: agentId,
      resumed: resumed !== undefined,
      elsewhere: resumed?.elsewhere === true,
      active: true
    }
    this.runs.set(name, [...(this.runs.get(name) ?? []), run])
    const how = resumed?.elsewhere === true ? 'goes on elsewhere with' : 'begins'
    this.#parts.trace(() => `worker: ${agentId} ${how} ${taskId}`)
    life.onEnd(() => {
      run.active = false
    })
    try {
      if (agentId === 'flood') yield* this.#flood(work, life)
      else if (agentId === 'endless' || agentId === 'patient') yield* this.#wait(work, life)
      else yield* this.#speak(work, life)
    } finally {
      run.active = false
    }
  }

  async *#speak(work: AgentWork, life: Life): AsyncIterable<AgentUtterance> {
    const { signal, resumed, agentId } = work
    const { resumable } = AGENTS[agentId as AgentName]
    const said = resumed && resumable ? textSaid(resumed.events) : ''
    for (const [index] of PIECES.entries()) {
      const upToHere = PIECES.slice(0, index + 1).join('')
      if (upToHere.length <= said.length) continue
      await life.clock.sleep(this.#parts.random.next() * PAUSE_MS, signal)
      signal.throwIfAborted()
      if (index === 2) yield { type: 'progress', text: 'half of it', fraction: 0.5 }
      yield upToHere.slice(Math.max(said.length, upToHere.length - (PIECES[index]?.length ?? 0)))
    }
    const parts = [{ text: WHOLE['report'] ?? '' }]
    yield { type: 'artifact', artifact: { artifactId: 'report', parts } }
  }

  async *#flood({ signal }: AgentWork, life: Life): AsyncIterable<AgentUtterance> {
    for (let index = 0; index < FLOOD.pieces; index += 1) {
      await life.clock.sleep(this.#parts.random.next() * FLOOD.pauseMs, signal)
      signal.throwIfAborted()
      yield FLOOD.piece
    }
  }

  async *#wait({ signal }: AgentWork, life: Life): AsyncIterable<AgentUtterance> {
    yield PIECES[0] ?? ''
    const { promise, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (signal.aborted) reject(signal.reason)
    await promise
    if (!life.alive) throw new LumosError('SHUTTING_DOWN')
  }
}

/** What an interrupted attempt is known to have said. */
function textSaid(events: readonly StreamResponse[]): string {
  let text = ''
  for (const { task, artifactUpdate } of events) {
    const { artifacts = [] } = task ?? {}
    for (const artifact of [...artifacts, ...(artifactUpdate ? [artifactUpdate.artifact] : [])]) {
      if (artifact.artifactId === 'result') text += textOfParts(artifact.parts)
    }
  }
  return text
}

export function textOfParts(parts: readonly { readonly text?: string }[]): string {
  return parts.map(({ text = '' }) => text).join('')
}
