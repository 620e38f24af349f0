/** What must hold at the end of a run of the task simulation. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { DelegationView } from '../../../tasks/caller/delegation-view.ts'
import type { Delegations } from '../../../tasks/caller/delegations.ts'
import { AGENTS, FLOODED, textOfParts, WHOLE } from './agents.ts'
import type { CallerNode, Wish } from './caller-node.ts'
import type { Reading } from './reading.ts'
import type { Subscriber } from './subscriber.ts'
import type { WorkerNode } from './worker-node.ts'
import type { World } from './world.ts'

/** Sentences about what went wrong; none when nothing did. */
export async function judge(world: World, mayForget = false): Promise<string[]> {
  const problems: string[] = []
  for (const caller of world.callers) {
    for (const wish of caller.wishes.values()) {
      const view = await caller.delegations?.find(wish.id)
      const found = [
        ...judgeEnd(caller, wish, view),
        ...judgeReason(world, wish, { view, mayForget }),
        ...judgeRuns(world, `${caller.name}/${wish.id}`, isLeftAlone(world, wish))
      ]
      for (const problem of found)
        problems.push(`${caller.name} ${wish.agent} ${wish.id} ${problem}`)
    }
    for (const reading of caller.readings) problems.push(...(await judgeReading(caller, reading)))
  }
  for (const subscriber of world.subscribers) {
    for (const problem of await judgeSubscriber(world, subscriber)) {
      problems.push(`a subscriber of ${subscriber.init.task}: ${problem}`)
    }
  }
  for (const worker of world.workers) problems.push(...(await judgeWorker(world, worker)))
  return problems
}

function judgeEnd(
  { machine }: CallerNode,
  { acknowledgedAt, agent, cancel, timeoutMs }: Wish,
  view: DelegationView | undefined
): string[] {
  if (acknowledgedAt === undefined) return ['was never kept']
  if (view === undefined) return ['was acknowledged and is lost']
  const { state } = view
  if (!TERMINAL_STATES.has(state)) return [`is still ${state}`]
  // Its worker was told that time was up, which could not be kept; then the clock was set back.
  const forgotten = timeoutMs !== undefined && machine.jumped.back > 0
  if (state === 'TASK_STATE_CANCELED' && cancel === undefined && !forgotten) {
    return ['was cancelled by nobody']
  }
  if (state !== 'TASK_STATE_COMPLETED') return []
  const artifacts = new Map(view.artifacts.map((one) => [one.artifactId, textOfParts(one.parts)]))
  return judgeArtifacts(agent, artifacts)
}

function judgeArtifacts(agent: string, artifacts: ReadonlyMap<string, string>): string[] {
  if (agent === 'endless' || agent === 'patient') return ['completed by itself']
  const whole = agent === 'flood' ? FLOODED : WHOLE
  return [...new Set([...Object.keys(whole), ...artifacts.keys()])]
    .filter((name) => artifacts.get(name) !== whole[name])
    .map((name) => `says "${artifacts.get(name)?.slice(0, 80)}" as ${name}`)
}

/** A task may fail only for what happened to it. */
function judgeReason(
  { workers }: World,
  { agent, timeoutMs }: Wish,
  { view, mayForget }: { readonly view: DelegationView | undefined; readonly mayForget: boolean }
): string[] {
  if (view?.state !== 'TASK_STATE_FAILED' && view?.state !== 'TASK_STATE_REJECTED') return []
  const code = view.error?.code
  const traits = AGENTS[agent]
  // A full disk interrupts without ending the process.
  const interruptions = workers.reduce(
    (sum, { machine }) => sum + machine.lives - 1 + machine.disk.fills,
    0
  )
  const needed = traits.idempotent || traits.resumable ? LIMITS.taskAttempts.value : 1
  if (code === 'TASK_INTERRUPTED' && interruptions >= needed) return []
  if (code === 'TIMED_OUT' && timeoutMs !== undefined) return []
  // A day may pass at once for the next process, if somebody sets the clock.
  const longest = Math.max(...workers.map(({ machine }) => machine.jumped.forward))
  if (code === 'TIMED_OUT' && longest >= LIMITS.taskDuration.value) return []
  if (mayForget && (code === 'WORKER_LOST' || code === 'TASK_GONE')) return []
  return [`failed: ${JSON.stringify(view.error)}`]
}

/** Among several workers one may have a task of which its caller's process died before it was kept. */
function isLeftAlone({ workers }: World, { agent, unkept }: Wish): boolean {
  return workers.length > 1 && unkept === true && AGENTS[agent].idempotent
}

/** What could do harm is begun once; what goes on by itself is told where it was. */
function judgeRuns({ agents }: World, name: string, leftAlone: boolean): string[] {
  const runs = agents.runs.get(name) ?? []
  const [agent] = runs.map((run) => run.agent)
  const problems: string[] = []
  if (!leftAlone && runs.some(({ active }) => active)) problems.push('is still worked on')
  if (agent === 'resumable' && runs.length > LIMITS.taskAttempts.value) {
    problems.push(`was begun ${runs.length} times`)
  }
  if ((agent === 'harmful' || agent === 'endless') && runs.length > 1) {
    problems.push(`was begun ${runs.length} times, which does harm`)
  }
  if (agent === 'resumable' && runs.slice(1).some(({ resumed }) => !resumed)) {
    problems.push('was begun anew and could have gone on')
  }
  return problems
}

/** Whoever came and went has seen what one sees who reads it all at once, and so does who comes now. */
async function judgeReading({ delegations }: CallerNode, { id, seen }: Reading): Promise<string[]> {
  if (delegations === undefined) return []
  const all = await told(delegations, id, 0)
  const middle = Math.floor(all.length / 2)
  const rest = await told(delegations, id, middle)
  const problems: string[] = []
  if (!isSame(seen, all)) problems.push(`a reader of ${id} saw ${brief(seen)} of ${brief(all)}`)
  if (!isSame(rest, all.slice(middle))) problems.push(`from ${middle}, ${id} is ${brief(rest)}`)
  return problems
}

async function told(delegations: Delegations, id: string, from: number): Promise<unknown[]> {
  const events: unknown[] = []
  try {
    for await (const event of delegations.watch(id, { from, follow: false })) events.push(event)
  } catch {
    // One that no worker took ends with the error itself.
  }
  return events
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others)
}

function brief(events: readonly unknown[]): string {
  return JSON.stringify(events).slice(0, 1500)
}

async function judgeSubscriber(
  { worker }: World,
  { problems, ended, isStranger, state, artifacts, init }: Subscriber
): Promise<string[]> {
  const { agent, task: id, caller } = init
  if (!ended) {
    // Cancelled before it was sent: the worker has never heard of it.
    const unknown = isStranger && !(await worker.knows(caller.name, id))
    return unknown ? problems : [...problems, 'never saw the end']
  }
  return state === 'TASK_STATE_COMPLETED'
    ? [...problems, ...judgeArtifacts(agent, artifacts)]
    : problems
}

async function judgeWorker(world: World, worker: WorkerNode): Promise<string[]> {
  const { name } = worker.machine
  if (worker.engine === undefined) return [`${name} is down`]
  const open = (await worker.open()).filter(({ record: { caller, id } }) => {
    const wish = world.callers.find((one) => one.name === caller)?.wishes.get(id)
    return wish === undefined || !isLeftAlone(world, wish)
  })
  return open.map(
    ({ record, state }) => `${name} still has ${record.agentId} ${record.id} as ${state}`
  )
}
