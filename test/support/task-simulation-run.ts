/** One run of the task simulation, and what must hold at its end. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import { createIdSource } from '../../core/ids.ts'
import { AGENTS, TaskWorld, textOfParts, WHOLE } from './task-simulation.ts'
import type { Mutation } from './task-simulation.ts'
import { say } from './tasks.ts'

const STORM_MS = 8000
const STEP_MS = 50
/** Faults have ended: everything must come to its end within this time. */
const CALM_MS = 120_000

/** Sentences about what went wrong; empty when nothing did. */
export async function simulateTasks(seed: number, mutation: Mutation = {}): Promise<string[]> {
  const world = new TaskWorld(seed, { cut: 0.03, lost: 0.02, maxDelayMs: 40 }, mutation)
  const acknowledged = new Map<string, string>()
  const ids = createIdSource(world.clock, world.random)
  await advancing(world, world.startWorker())
  await advancing(world, world.startCaller())

  function ask(agent: string, taskId = ids()): void {
    world.delegations
      ?.delegate({ target: agent, message: say('go'), taskId })
      .then(() => acknowledged.set(taskId, agent))
      // Not acknowledged: nothing is promised.
      .catch(() => {})
  }

  for (let at = 0; at < STORM_MS; at += STEP_MS) {
    const dice = world.random.next()
    if (dice < 0.12) ask(AGENTS[Math.floor(world.random.next() * AGENTS.length)] ?? '')
    else if (dice < 0.14) repeat(acknowledged, world.random.next(), ask)
    else if (dice < 0.15) cancelOne(acknowledged, world)
    else if (dice < 0.17) world.killWorker()
    else if (dice < 0.185) world.killCaller()
    else if (dice < 0.26) await advancing(world, world.startWorker())
    else if (dice < 0.33) await advancing(world, world.startCaller())
    await world.clock.advance(STEP_MS)
  }
  world.faults = { cut: 0, lost: 0, maxDelayMs: 5 }
  await advancing(world, world.startWorker())
  await advancing(world, world.startCaller())
  await world.clock.advance(CALM_MS)
  const problems = await judge(world, acknowledged)
  await advancing(world, world.stop())
  return problems
}

/** Lets time pass until the promise is settled: disks and agents wait for the clock. */
async function advancing(world: TaskWorld, work: Promise<void>): Promise<void> {
  const state = { done: false }
  const ended = work.finally(() => {
    state.done = true
  })
  while (!state.done) await world.clock.advance(1)
  await ended
}

function repeat(
  acknowledged: ReadonlyMap<string, string>,
  dice: number,
  ask: (agent: string, id: string) => void
): void {
  const known = [...acknowledged]
  const [id, agent] = known[Math.floor(dice * known.length)] ?? []
  if (id !== undefined && agent !== undefined) ask(agent, id)
}

function cancelOne(acknowledged: ReadonlyMap<string, string>, world: TaskWorld): void {
  const known = [...acknowledged.keys()]
  const id = known[Math.floor(world.random.next() * known.length)]
  if (id !== undefined) world.delegations?.cancel(id).catch(() => {})
}

async function judge(
  world: TaskWorld,
  acknowledged: ReadonlyMap<string, string>
): Promise<string[]> {
  const problems: string[] = []
  for (const [id, agent] of acknowledged) {
    const view = await world.delegations?.find(id)
    if (view === undefined) problems.push(`${agent} ${id} was acknowledged and is lost`)
    else if (!TERMINAL_STATES.has(view.state))
      problems.push(`${agent} ${id} is still ${view.state}`)
    else if (view.state === 'TASK_STATE_COMPLETED') {
      const text = view.artifacts.map(({ parts }) => textOfParts(parts)).join('|')
      if (text !== WHOLE) problems.push(`${agent} ${id} completed with "${text}"`)
    }
    const effects = world.effects.get(id) ?? 0
    if (agent === 'harmful' && effects > 1)
      problems.push(`${agent} ${id} was done ${effects} times`)
  }
  return problems
}
