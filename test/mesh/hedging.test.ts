/** A harmless task that takes unusually long is given to a second real node, and the first is told to stop. */
import { expect, test } from 'vitest'
import type { AgentDefinition } from '../../agents/agent.ts'
import type { RunEvent } from '../../client/api.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startSecluded } from '../support/started-nodes.ts'

/** Answers of each worker before it counts: who is late is known after 20, and 20 earn one second worker. */
const KNOWN = 25

/** Whoever runs next says nothing until it is told to stop. */
class Trap {
  #isSet = false
  #caught = Promise.withResolvers<{ readonly name: string; readonly leaves: Promise<void> }>()

  set(): typeof this.caught {
    this.#isSet = true
    return this.caught
  }

  get caught(): Promise<{ readonly name: string; readonly leaves: Promise<void> }> {
    return this.#caught.promise
  }

  async pass(name: string, signal: AbortSignal): Promise<void> {
    if (!this.#isSet) return
    this.#isSet = false
    const leaves = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve())
    })
    this.#caught.resolve({ name, leaves })
    await leaves
    signal.throwIfAborted()
  }
}

function startWorker(name: string, trap: Trap, idempotent: boolean): Promise<LumosNode> {
  const run: AgentDefinition['run'] = async function* ({ signal }) {
    await trap.pass(name, signal)
    yield name
  }
  return startSecluded({ name, agents: [testAgent('quick', run, { idempotent })] })
}

/** The whole story of one task. */
function ask(caller: LumosNode, target: string): Promise<RunEvent[]> {
  return Array.fromAsync(caller.run(target, 'hello', { policy: 'fastest' }))
}

function answer(story: readonly RunEvent[]): string | undefined {
  const end = story.at(-1)
  return end?.type === 'result' ? end.task.artifacts[0]?.parts[0]?.text : undefined
}

async function setup({ idempotent }: { readonly idempotent: boolean }) {
  const trap = new Trap()
  const names = ['amber', 'birch']
  const workers = await Promise.all(names.map((name) => startWorker(name, trap, idempotent)))
  const bootstrap = workers.flatMap((node) => node.addresses())
  const caller = await startSecluded({ name: 'caller', bootstrap })
  await expect.poll(async () => (await caller.find('quick')).providers).toHaveLength(2)
  for (const name of names) {
    for (let asked = 0; asked < KNOWN; asked += 1) {
      expect(answer(await ask(caller, `@quick@${name}`))).toBe(name)
    }
  }
  return { caller, trap, names }
}

test('who is late is not waited for: a second worker answers, and the first is told to stop', async () => {
  const { caller, trap, names } = await setup({ idempotent: true })
  const caught = trap.set()
  const story = await ask(caller, 'quick')
  const { name: late, leaves } = await caught
  const [other] = names.filter((name) => name !== late)
  expect(answer(story)).toBe(other)
  expect(story.filter(({ type }) => type === 'hedged')).toMatchObject([
    { worker: { name: other }, agent: 'quick' }
  ])
  await leaves
})

test('a task that may do harm has one worker, however long it takes', async () => {
  const { caller, trap } = await setup({ idempotent: false })
  const caught = trap.set()
  const begun: RunEvent[] = []
  const told = (async () => {
    for await (const event of caller.run('quick', 'hello', { timeoutMs: 3000 })) begun.push(event)
  })()
  const { leaves } = await caught
  // Others are done meanwhile, each in a few milliseconds: it is late beyond doubt.
  for (let asked = 0; asked < KNOWN; asked += 1) await ask(caller, 'quick')
  await Promise.all([told, leaves])
  expect(begun.map(({ type }) => type)).not.toContain('hedged')
  expect(begun.at(-1)).toMatchObject({ type: 'result', error: { code: 'TIMED_OUT' } })
})
