/** What a worker does when its disk refuses a write, or its clock is set back: found by test/sim/tasks.test.ts. */
import { expect, test } from 'vitest'
import { createIdSource } from '../../../core/ids.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createBatches } from '../../../storage/batches.ts'
import { createGroupCommit } from '../../../storage/group-commit.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { FaultPlan } from '../../../storage/memory-store.ts'
import type { AdmissionInit } from '../../../tasks/worker/admission.ts'
import { COLLECT_INTERVAL_MS, createTaskEngine } from '../../../tasks/worker/engine.ts'
import type { TaskEngine } from '../../../tasks/worker/engine.ts'
import type { AgentTraits } from '../../../tasks/worker/execution.ts'
import { openJournalTaskStore } from '../../../tasks/worker/journal-task-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { ProcessClock } from '../../support/task-simulation/process-clock.ts'
import { say } from '../../support/tasks.ts'

const HARMFUL = { idempotent: false, resumable: false }
const HARMLESS = { idempotent: true, resumable: false }
const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'
const SECOND = '01890a5d-ac96-774b-bcce-b302099a8058'
const KEY = { caller: 'caller', id: TASK }
/** An agent that completes works so long. */
const WORK_MS = 100

class Machine {
  readonly time = new ManualClock()
  wallMs = 1_790_000_000_000
  disk
  runs = 0
  engine: TaskEngine
  readonly #traits: AgentTraits
  readonly #admission: AdmissionInit

  constructor(traits: AgentTraits, faults: FaultPlan = {}, admission: AdmissionInit = {}) {
    this.disk = createMemoryStore(faults)
    this.#traits = traits
    this.#admission = admission
    this.engine = this.#create()
  }

  /** Lets time pass, and the disk do its writes. */
  async pass(ms = 0): Promise<void> {
    await this.time.advance(ms)
    for (let turn = 0; turn < 10; turn += 1) await this.time.advance(0)
  }

  async restart(): Promise<void> {
    this.disk = this.disk.crash(seededRandom(1))
    this.engine = this.#create()
    await this.engine.start()
  }

  async state(): Promise<string | undefined> {
    const { tasks } = await this.engine.list({ limit: 1 })
    return tasks[0]?.state
  }

  #create(): TaskEngine {
    const { disk, time } = this
    const clock = new ProcessClock(time, () => this.wallMs + time.monotonic())
    const commit = createGroupCommit({ store: disk })
    const batches = createBatches({
      append: async (_, { sync, operations = [] }) => {
        await commit.append(operations, { sync })
        return 0
      }
    })
    const count = (): void => {
      this.runs += 1
    }
    return createTaskEngine(
      {
        clock,
        ids: createIdSource(clock, seededRandom(1)),
        logger: silentLogger,
        self: 'worker',
        runner: {
          traits: (id) => (id === 'agent' ? this.#traits : undefined),
          async *run({ signal }) {
            count()
            await clock.sleep(WORK_MS, signal)
            signal.throwIfAborted()
            yield 'done'
          }
        },
        openStore: () => openJournalTaskStore({ clock, store: disk, batches })
      },
      { admission: this.#admission }
    )
  }
}

function submit({ engine }: Machine, deadlineMs?: number) {
  const order = { agentId: 'agent', message: say('go'), taskId: TASK }
  return engine.submit('caller', { ...order, ...(deadlineMs !== undefined && { deadlineMs }) })
}

/** A machine whose disk refuses its `n`-th write and all that follow, until it recovers. */
async function refusing(n: number, traits: AgentTraits): Promise<Machine> {
  const machine = new Machine(traits, { commit: (count) => (count === n ? 'full' : undefined) })
  await machine.engine.start()
  const submitted = submit(machine)
  submitted.catch(() => {})
  await machine.pass()
  await machine.pass(WORK_MS)
  return machine
}

test('an agent that may do harm is not begun when the disk does not take that it is', async () => {
  // The acceptance, and that the work begins, are one write.
  const machine = await refusing(1, HARMFUL)
  expect(machine.runs).toBe(0)
  await machine.disk.recover()
  await machine.pass(COLLECT_INTERVAL_MS)
  // Nothing was promised.
  expect(machine.runs).toBe(0)
  expect(await machine.state()).toBeUndefined()
})

test('an end that the disk refuses has not happened, and the task is not unknown', async () => {
  const machine = await refusing(2, HARMFUL)
  expect(machine.runs).toBe(1)
  expect((await machine.engine.open(KEY)).view.ended).toBe(false)
  expect(machine.engine.counts()).toEqual({ running: 0, completed: 0, failed: 0 })
  await machine.disk.recover()
  await machine.pass(COLLECT_INTERVAL_MS)
  expect(await machine.state()).toBe('TASK_STATE_FAILED')
  expect(machine.runs).toBe(1)
})

test('a task that waits in line when its node stops is begun by the next one', async () => {
  const machine = new Machine(HARMFUL, {}, { concurrency: 1 })
  await machine.engine.start()
  submit(machine).catch(() => {})
  await machine.pass()
  const { view } = await machine.engine.submit('caller', {
    agentId: 'agent',
    message: say('go'),
    taskId: SECOND
  })
  const stopped = machine.engine.stop()
  await machine.pass(WORK_MS)
  await stopped
  expect(view.status?.state).toBe('TASK_STATE_SUBMITTED')
  await machine.restart()
  await machine.pass(WORK_MS)
  const next = await machine.engine.open({ caller: 'caller', id: SECOND })
  expect(next.view.status?.state).toBe('TASK_STATE_COMPLETED')
  expect(machine.runs).toBe(2)
})

test('a clock that was set back gives a task no more than its whole time again', async () => {
  const machine = new Machine(HARMLESS, {})
  await machine.engine.start()
  void submit(machine, WORK_MS / 2)
  await machine.pass(WORK_MS / 4)
  machine.wallMs -= 3_600_000
  await machine.restart()
  await machine.pass(WORK_MS / 2)
  expect(await machine.state()).toBe('TASK_STATE_FAILED')
})
