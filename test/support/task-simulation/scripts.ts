/** Schedules without chance, for the loss of power at every write: one thing that can happen to a task each. */
import type { AgentName } from './agents.ts'
import type { World } from './world.ts'

export interface Script {
  /** What happens, by milliseconds of simulated time. */
  readonly acts: readonly (readonly [at: number, act: (world: World) => void])[]
}

/** The only task of a script. */
const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'

function ask(agent: AgentName, timeoutMs?: number) {
  return (world: World): void => {
    world.callers[0]?.wish({ id: TASK, agent, ...(timeoutMs !== undefined && { timeoutMs }) })
  }
}

function repeat(world: World): void {
  world.callers[0]?.repeat(TASK)
  void world.callers[0]?.replay(TASK)
}

function cancel(world: World): void {
  void world.callers[0]?.cancel(TASK)
}

function attend(world: World): void {
  const [caller] = world.callers
  if (caller === undefined) return
  caller.follow(TASK)
  world.subscribe(caller, TASK)
}

function killCaller(world: World): void {
  world.callers[0]?.machine.kill()
}

function startCaller(world: World): void {
  world.callers[0]?.start()
}

function killWorker(world: World): void {
  world.worker.machine.kill()
}

function startWorker(world: World): void {
  world.worker.start()
}

export const SCRIPTS = {
  'a task that may be done twice': { acts: [[0, ask('harmless')]] },
  'a task that may not be done twice': { acts: [[0, ask('harmful')]] },
  'a task that goes on where it was': { acts: [[0, ask('resumable')]] },
  'a task that others follow': {
    acts: [
      [0, ask('harmless')],
      [50, attend],
      [300, attend]
    ]
  },
  'an order that is sent again and again': {
    acts: [
      [0, ask('harmful')],
      [10, repeat],
      [200, repeat],
      [900, repeat]
    ]
  },
  'a task that is cancelled': {
    acts: [
      [0, ask('endless')],
      [300, cancel]
    ]
  },
  'a task that is cancelled while its worker is away, by a caller that goes away, too': {
    acts: [
      [0, ask('patient')],
      [300, killWorker],
      [400, cancel],
      [600, killCaller],
      [900, startCaller],
      [1200, startWorker]
    ]
  },
  'a task with a deadline': { acts: [[0, ask('patient', 1500)]] },
  'an order while its worker is away': {
    acts: [
      [0, killWorker],
      [50, ask('harmful')],
      [800, startWorker]
    ]
  },
  'a caller that is killed in between': {
    acts: [
      [0, ask('resumable')],
      [50, attend],
      [250, killCaller],
      [600, startCaller]
    ]
  },
  'a worker that is killed in between': {
    acts: [
      [0, ask('resumable')],
      [250, killWorker],
      [600, startWorker]
    ]
  }
} as const satisfies Readonly<Record<string, Script>>

export type ScriptName = keyof typeof SCRIPTS
