/** Kills a caller or its worker at random moments while tasks run, and counts what that did to them. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '../../client/client.ts'
import type { Client } from '../../client/calls.ts'
import { TERMINAL_STATES, textOf } from '../../core/a2a.ts'
import { resolvePaths } from '../../core/paths.ts'
import type { Random } from '../../core/random.ts'
import { firstLine, kill } from './child-process.ts'

export interface KillRoundsInit {
  /** Empty folder for both nodes. */
  readonly folder: string
  readonly rounds: number
  /** Tasks begun in each round. */
  readonly tasks: number
  readonly random: Random
}

export interface KillReport {
  readonly rounds: number
  readonly kills: { caller: number; worker: number }
  /** Told to be accepted. */
  readonly acknowledged: number
  readonly completed: number
  /** Ended as FAILED because nobody knows how far they came. */
  readonly interrupted: number
  /** All that may not be: sentences. */
  readonly problems: readonly string[]
}

const ROOT = join(import.meta.dirname, '../..')
const WHOLE = '1 2 3 4 5 6 7 8 9 10 '
/** The longest that a kill waits after the tasks were begun: they take about 0.2 s. */
const MOST_MS = 300
/** All tasks have ended so long after the last kill. */
const CALM_MS = 60_000
const POLL_MS = 50

class Rounds {
  readonly #init: KillRoundsInit
  readonly #runtime: string
  readonly #effects: string
  readonly #client: Client
  readonly #agents = new Map<string, string>()
  readonly #kills = { caller: 0, worker: 0 }
  #caller: ChildProcess | undefined
  #worker: ChildProcess | undefined

  constructor(init: KillRoundsInit) {
    this.#init = init
    this.#runtime = join(init.folder, 'run')
    this.#effects = join(init.folder, 'effects')
    this.#client = createClient({ socket: resolvePaths(this.#callerEnv()).socket })
  }

  async run(): Promise<KillReport> {
    const { rounds, random } = this.#init
    await writeFile(this.#effects, '')
    await Promise.all([this.#startWorker(), this.#startCaller()])
    await this.#meet()
    for (let round = 0; round < rounds; round += 1) {
      const begun = this.#begin()
      await delay(random.next() * MOST_MS)
      await (random.next() < 0.5 ? this.#killCaller() : this.#killWorker())
      await begun
    }
    const problems = await this.#judge()
    return { ...problems, rounds, kills: this.#kills, acknowledged: this.#agents.size }
  }

  async stop(): Promise<void> {
    for (const child of [this.#caller, this.#worker]) await kill(child)
  }

  #callerEnv() {
    return {
      PATH: process.env['PATH'],
      HOME: this.#init.folder,
      LUMOS_HOME: join(this.#init.folder, 'caller'),
      LUMOS_RUNTIME_DIR: this.#runtime
    }
  }

  async #startCaller(): Promise<void> {
    const args = ['daemon', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--json']
    this.#caller = spawn(process.execPath, [join(ROOT, 'bin/lumos.cjs'), ...args], {
      env: this.#callerEnv(),
      stdio: ['ignore', 'pipe', 'ignore']
    })
    await firstLine(this.#caller)
  }

  async #startWorker(): Promise<void> {
    const home = join(this.#init.folder, 'worker')
    await mkdir(home, { recursive: true })
    const script = join(import.meta.dirname, 'reliable-worker.ts')
    this.#worker = spawn(process.execPath, [script, home, this.#runtime, this.#effects], {
      stdio: ['ignore', 'pipe', 'ignore']
    })
    await firstLine(this.#worker)
  }

  /** Until the caller knows the worker's agents. */
  async #meet(): Promise<void> {
    for (;;) {
      const { providers } = await this.#client.find('once')
      if (providers.length > 0) return
      await delay(POLL_MS)
    }
  }

  /** Tasks whose acknowledgement never came are not counted: nothing was promised. */
  async #begin(): Promise<void> {
    const begin = async (index: number): Promise<void> => {
      const agent = index % 2 === 0 ? 'steps' : 'once'
      try {
        const request = { target: `@${agent}@worker`, text: 'go', detach: true }
        for await (const event of this.#client.run(request)) {
          if (event.type === 'accepted') this.#agents.set(event.task.id, agent)
        }
      } catch {
        // The caller was killed, or does not know the worker yet.
      }
    }
    await Promise.all(Array.from({ length: this.#init.tasks }, (_, index) => begin(index)))
  }

  async #killCaller(): Promise<void> {
    this.#kills.caller += 1
    await kill(this.#caller)
    await this.#startCaller()
  }

  async #killWorker(): Promise<void> {
    this.#kills.worker += 1
    await kill(this.#worker)
    await this.#startWorker()
  }

  async #judge() {
    const problems: string[] = []
    let [completed, interrupted] = [0, 0]
    const end = performance.now() + CALM_MS
    const lines = async () => (await readFile(this.#effects, 'utf8')).split('\n')
    for (const [id, agent] of this.#agents) {
      let task = await this.#task(id)
      while (task !== undefined && !TERMINAL_STATES.has(task.state) && performance.now() < end) {
        await delay(POLL_MS)
        task = await this.#task(id)
      }
      const effects = (await lines()).filter((line) => line === id).length
      if (task === undefined) problems.push(`${agent} ${id} is lost`)
      else if (!TERMINAL_STATES.has(task.state)) problems.push(`${agent} ${id} is stuck`)
      else if (task.state === 'TASK_STATE_COMPLETED') {
        completed += 1
        const text = task.artifacts.map(({ parts }) => textOf(parts)).join('|')
        if (text !== (agent === 'steps' ? WHOLE : 'done'))
          problems.push(`${agent} ${id}: "${text}"`)
        if (agent === 'once' && effects !== 1) problems.push(`${agent} ${id}: ${effects} effects`)
      } else if (task.error?.code === 'TASK_INTERRUPTED') interrupted += 1
      else problems.push(`${agent} ${id}: ${task.state} ${task.error?.code ?? ''}`)
      if (effects > 1) problems.push(`${agent} ${id} was done ${effects} times`)
    }
    return { completed, interrupted, problems }
  }

  async #task(id: string) {
    try {
      return (await this.#client.task(id)).task
    } catch {
      return undefined
    }
  }
}

export async function killRounds(init: KillRoundsInit): Promise<KillReport> {
  const rounds = new Rounds(init)
  try {
    return await rounds.run()
  } finally {
    await rounds.stop()
  }
}
