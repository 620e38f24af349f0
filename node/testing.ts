/** Nodes for the tests of agents: `import { startTestNode } from 'lumos-mesh/testing'`. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artifact, Part } from '../core/a2a.ts'
import { textOf } from '../core/a2a.ts'
import { systemClock } from '../core/clock.ts'
import { LumosError, fromWireError } from '../core/errors.ts'
import { createNode } from './create-node.ts'
import type { LumosNode, NodeOptions, RunOptions } from './create-node.ts'

const SWARM_KEY_BYTES = 32
/** Two nodes of one process meet within half a second; a loaded machine may need many times that. */
const MEET_TIMEOUT_MS = 20_000
const MEET_POLL_MS = 20
/** An agent under test that says nothing for so long is broken. */
const ASK_TIMEOUT_MS = 30_000

export type TestNodeOptions = Omit<NodeOptions, 'home' | 'runtimeDirectory'>

export interface TestNode extends LumosNode {
  /**
   * What an agent answers, as text (data as JSON).
   *
   * @throws LumosError of a task that did not complete, also of one that asks back (TASK_WAITING)
   */
  ask(target: string, text: string, options?: RunOptions): Promise<string>
}

export type TestSwarm<Name extends string> = Readonly<Record<Name, TestNode>> & AsyncDisposable

/** A node that nobody outside of this program meets, in a folder that goes away with it. */
export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-test-'))
  const node = await createNode({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    ...options,
    home: join(folder, 'home'),
    runtimeDirectory: join(folder, 'run')
  })
  const stop = async (): Promise<void> => {
    await node.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await node.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...node,
    stop,
    [Symbol.asyncDispose]: stop,
    ask: (target, text, { timeoutMs = ASK_TIMEOUT_MS, ...rest } = {}) =>
      answerOf(node, { target, text, options: { timeoutMs, ...rest } })
  }
}

/** Nodes that know each other's agents: `await using swarm = await startTestSwarm({ anna: { agents }, bob: {} })`. */
export async function startTestSwarm<Name extends string>(
  members: Readonly<Record<Name, TestNodeOptions>>
): Promise<TestSwarm<Name>> {
  const nodes: TestNode[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  // One secret wall around them, as around any swarm.
  const swarmKey = randomBytes(SWARM_KEY_BYTES).toString('hex')
  try {
    for (const [name, options] of Object.entries<TestNodeOptions>(members)) {
      const bootstrap = nodes.flatMap((node) => node.addresses())
      // oxlint-disable-next-line no-await-in-loop -- each one is told where those before it are
      const node = await startTestNode({ name, swarmKey, bootstrap, ...options })
      nodes.push(node)
    }
    await Promise.all(nodes.map((node) => meetAll(node, members)))
  } catch (error) {
    await stop()
    throw error
  }
  const named = Object.fromEntries(nodes.map((node) => [node.name, node] as const))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one node for each name, made above
  return Object.assign(named as Record<Name, TestNode>, { [Symbol.asyncDispose]: stop })
}

async function meetAll(
  node: TestNode,
  members: Readonly<Record<string, TestNodeOptions>>
): Promise<void> {
  const wanted = Object.entries(members).flatMap(([name, { agents = [] }]) =>
    agents.map(({ id }) => `${id}@${name}`)
  )
  const deadline = systemClock.timeout(MEET_TIMEOUT_MS)
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- polling until they have met
    const { agents } = await node.agents()
    const known = new Set(agents.map((agent) => `${agent.id}@${agent.node.name}`))
    if (wanted.every((each) => known.has(each))) return
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (await systemClock.sleep(MEET_POLL_MS, deadline)) continue
    throw new LumosError('TIMED_OUT', { details: { timeoutMs: MEET_TIMEOUT_MS } })
  }
}

interface Question {
  readonly target: string
  readonly text: string
  readonly options: RunOptions
}

async function answerOf(node: LumosNode, { target, text, options }: Question): Promise<string> {
  for await (const event of node.run(target, text, options)) {
    if (event.type === 'input-required') {
      throw new LumosError('TASK_WAITING', { details: { task: target } })
    }
    if (event.type !== 'result') continue
    const { task, error } = event
    if (task.state === 'TASK_STATE_COMPLETED') return resultText(task.artifacts)
    throw error === undefined
      ? new LumosError('TASK_FAILED', { details: { reason: task.state, task: task.id } })
      : fromWireError(error)
  }
  throw new LumosError('SHUTTING_DOWN')
}

function resultText(artifacts: readonly Artifact[]): string {
  return textOf(artifacts.flatMap(({ parts }) => parts.map(asText)))
}

function asText(part: Part): Part {
  return part.data === undefined ? part : { text: JSON.stringify(part.data) }
}
