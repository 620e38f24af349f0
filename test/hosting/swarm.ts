/** Two daemons for the tests of hosting: alpha hosts, beta asks; a model server that obeys stands behind. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { RunEvent, RunRequest } from '../../client/api.ts'
import type { Client } from '../../client/calls.ts'
import { createClient } from '../../client/client.ts'
import type { HostSummary } from '../../client/hosting-api.ts'
import { textOf } from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import { resolvePaths } from '../../core/paths.ts'
import { createLumos } from '../support/lumos.ts'
import type { Lumos } from '../support/lumos.ts'
import { startModelServer } from '../support/model-server.ts'
import type { ModelServer } from '../support/model-server.ts'

export const PROJECTS = join(import.meta.dirname, 'projects')
export const SOON = { timeout: 30_000, interval: 50 }

export interface DaemonOfTest {
  readonly lumos: Lumos
  readonly client: Client
  readonly socket: string
  up(): Promise<void>
}

export interface HostingSwarm extends AsyncDisposable {
  readonly folder: string
  readonly model: ModelServer
  readonly alpha: DaemonOfTest
  readonly beta: DaemonOfTest
  /** `lumos host PATH …` at alpha, with the model's address. */
  host(path: string, ...flags: string[]): Promise<HostSummary>
}

export async function startHostingSwarm(): Promise<HostingSwarm> {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-hosting-'))
  const model = await startModelServer()
  const alpha = daemonOf(folder, 'alpha')
  const beta = daemonOf(folder, 'beta')
  await Promise.all([alpha.up(), beta.up()])
  return {
    folder,
    model,
    alpha,
    beta,
    async host(path, ...flags) {
      const address = `MODEL_URL=${model.url}`
      const words = ['host', path, '--env', address, ...flags, '--json']
      const { stdout, stderr } = await alpha.lumos.run(words)
      expect(stderr).toBe('')
      const { host }: { host: HostSummary } = JSON.parse(stdout)
      return host
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([alpha, beta].map(({ lumos }) => lumos.run(['down'])))
      await model.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function daemonOf(folder: string, name: string): DaemonOfTest {
  const lumos = createLumos({ home: join(folder, name), runtime: join(folder, 'run') })
  const { socket } = resolvePaths(lumos.env)
  return {
    lumos,
    socket,
    client: createClient({ socket }),
    async up() {
      const flags = ['--name', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--json']
      const { code, stderr } = await lumos.run(['up', ...flags])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    }
  }
}

/** Waits until `asker` knows the agent of another node. */
export async function known(asker: DaemonOfTest, agent: string): Promise<void> {
  await vi.waitFor(async () => {
    const { agents } = await asker.client.agents()
    expect(agents.map(({ id }) => id)).toContain(agent)
  }, SOON)
}

/** What was told of a task up to its end, or to its first question. */
export interface Story {
  readonly id: string
  readonly state: string
  /** Pieces of text, as they came. */
  readonly pieces: readonly string[]
  readonly text: string
  readonly data: unknown
  readonly steps: readonly AgentStep[]
  readonly question: string | undefined
  readonly error: { readonly code: string; readonly details?: object } | undefined
  readonly worker: string | undefined
}

export async function ask(
  { client }: DaemonOfTest,
  target: string,
  request: string | Omit<RunRequest, 'target'>
): Promise<Story> {
  const order = typeof request === 'string' ? { text: request } : request
  return storyOf(client.run({ timeoutMs: 60_000, ...order, target }))
}

/** Answers a task that waits, and follows it from there. */
export async function answer({ client }: DaemonOfTest, id: string, text: string): Promise<Story> {
  await client.answer(id, { text })
  return storyOf(client.events(id), 1)
}

/** `answered`: how many questions the story holds that have been answered. */
async function storyOf(events: AsyncIterable<RunEvent>, answered = 0): Promise<Story> {
  const pieces: string[] = []
  const steps: AgentStep[] = []
  let id = ''
  let question: string | undefined
  let questions = 0
  let worker: string | undefined
  for await (const event of events) {
    if (event.type === 'accepted') id = event.task.id
    if (event.type === 'routed') worker = event.worker.name
    if (event.type === 'status' && event.step !== undefined) steps.push(event.step)
    if (event.type === 'artifact') pieces.push(textOf(event.artifact.parts))
    if (event.type === 'input-required') {
      question = event.text
      questions += 1
      if (questions > answered) break
    }
    if (event.type !== 'result') continue
    const { task, error } = event
    const parts = task.artifacts.flatMap((artifact) => artifact.parts)
    const text = textOf(parts)
    const data = parts.find((part) => part.data !== undefined)?.data
    return { id, state: task.state, pieces, text, data, steps, question: undefined, error, worker }
  }
  const story = { id, state: 'waiting', pieces, text: pieces.join(''), data: undefined, steps }
  return { ...story, question, error: undefined, worker }
}
