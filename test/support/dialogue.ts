/** A worker whose agent asks its caller, on a disk that can lose its power. */
import { onTestFinished } from 'vitest'
import type { Message } from '../../core/a2a.ts'
import { createIdSource } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import { createBatches } from '../../storage/batches.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { MemoryStore } from '../../storage/memory-store.ts'
import { createTaskEngine } from '../../tasks/worker/engine.ts'
import type { TaskEngine, TaskEngineInit } from '../../tasks/worker/engine.ts'
import type { AgentTraits, AgentUtterance, AgentWork } from '../../tasks/worker/execution.ts'
import { openJournalTaskStore } from '../../tasks/worker/journal-task-store.ts'
import { createTaskService } from '../../tasks/worker/service.ts'
import type { TaskService } from '../../tasks/worker/service.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { say } from './tasks.ts'
import type { TestAgent } from './tasks.ts'

export const CALLER = 'caller'
export const TRIP = '01890a5d-ac96-774b-bcce-b302099a8057'

/** Asks for a place, then for a permission, and then tells both. */
export async function* travel({ history }: AgentWork): AsyncIterable<AgentUtterance> {
  const said = history.filter(({ role }) => role === 'ROLE_USER').map(textOfMessage)
  if (said.length === 1) yield { type: 'input-required', text: 'where to?' }
  else if (said.length === 2) yield { type: 'auth-required', text: 'may I pay?' }
  else yield `${said[1]}, ${said[2]}`
}

export function textOfMessage({ parts }: Message): string {
  return parts.map(({ text }) => text ?? '').join('')
}

export interface DialogueSetup {
  readonly agent?: TestAgent
  readonly traits?: AgentTraits
  readonly disk?: MemoryStore
  readonly init?: TaskEngineInit
}

/** A node that works, and its machine. */
export class TestWorker {
  readonly clock = new ManualClock()
  disk: MemoryStore
  engine: TaskEngine
  service: TaskService
  /** How often the agent was run. */
  runs = 0
  readonly #init: DialogueSetup

  constructor(init: DialogueSetup) {
    this.#init = init
    this.disk = init.disk ?? createMemoryStore()
    this.engine = this.#create()
    this.service = this.#serve()
  }

  /** Begins the task; resolves when it is accepted. */
  begin(deadlineMs?: number) {
    const message = say('a trip')
    const asked = { agentId: 'travel', taskId: TRIP, message, ...(deadlineMs && { deadlineMs }) }
    return this.engine.submit(CALLER, asked)
  }

  answer(text: string, more: Partial<Message> = {}) {
    return this.engine.answer({ caller: CALLER, id: TRIP }, say(text, more))
  }

  async task() {
    return (await this.engine.open({ caller: CALLER, id: TRIP })).view.snapshot()
  }

  /** Lets `ms` pass, and then what the disk and the agent have to do. */
  async pass(ms = 0): Promise<void> {
    await this.clock.advance(ms)
    for (let turn = 0; turn < 10; turn += 1) await this.clock.advance(0)
  }

  /** The power fails; the machine starts again after `ms`. */
  async crash(ms = 0, seed = 1): Promise<void> {
    this.disk = this.disk.crash(seededRandom(seed))
    // Whatever still runs of it has no disk any more.
    const stopping = this.engine.stop()
    await this.pass(10_000)
    await stopping
    this.clock.jump(ms)
    this.engine = this.#create()
    this.service = this.#serve()
    await this.engine.start()
    await this.pass()
  }

  #create(): TaskEngine {
    const { clock, disk } = this
    const { agent = travel, traits = { idempotent: false, resumable: false } } = this.#init
    return createTaskEngine(
      {
        clock,
        ids: createIdSource(clock, seededRandom(1)),
        logger: silentLogger,
        self: 'worker',
        runner: {
          traits: () => traits,
          run: (work) => {
            this.runs += 1
            return agent(work)
          }
        },
        openStore() {
          const commit = createGroupCommit({ store: disk })
          const batches = createBatches({
            append: async (_, { sync, operations = [] }) => {
              await commit.append(operations, { sync })
              return 0
            }
          })
          return openJournalTaskStore({ clock, store: disk, batches })
        }
      },
      this.#init.init
    )
  }

  #serve(): TaskService {
    return createTaskService({ engine: this.engine, extendedCard: () => undefined })
  }
}

/** One that runs until the test has ended. */
export async function startWorker(init: DialogueSetup = {}): Promise<TestWorker> {
  const worker = new TestWorker(init)
  await worker.engine.start()
  onTestFinished(async () => {
    const stopping = worker.engine.stop()
    await worker.pass(10_000)
    await stopping
  })
  return worker
}

/** One whose task has asked its first question. */
export async function askingWorker(init: DialogueSetup = {}): Promise<TestWorker> {
  const worker = await startWorker(init)
  await worker.begin()
  await worker.pass()
  return worker
}
