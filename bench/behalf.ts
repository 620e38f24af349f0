/**
 * What it costs to prove for whom a task is done: CPU time of three nodes in one process, each figure per task.
 *
 * Run: `node bench/behalf.ts`. a asks b directly, or b's agent asks c on a's behalf, with and without
 * signatures. Rounds take turns, and CPU time is counted, so that other work on the machine matters little.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineAgent } from '../agents/agent.ts'
import type { Agent } from '../agents/agent.ts'
import { systemClock } from '../core/clock.ts'
import { systemRandom } from '../core/random.ts'
import type { Assembly } from '../node/assembly.ts'
import type { BehalfSigner } from '../trust/grants/behalf.ts'
import { createBehalfSigner, createSeenTokens, verifyBehalf } from '../trust/grants/behalf.ts'
import { startSecludedNode } from '../test/support/secluded-node.ts'

const ROUNDS = 9
const TASKS = 400
const IN_FLIGHT = 16
const DAY = 86_400_000

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const start = (name: string, agents: readonly Agent[], bootstrap: readonly string[]) =>
  startSecludedNode({
    home: join(folder, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    tasks: { keep: 'memory' },
    agents,
    bootstrap
  })

const plain = {
  idempotent: true,
  skills: [{ id: 'x', name: 'x', description: 'x', tags: ['bench'] }]
}
const leaf = defineAgent({
  ...plain,
  id: 'leaf',
  description: 'answers',
  async *run() {
    yield 'done'
  }
})
const middle = defineAgent({
  ...plain,
  id: 'middle',
  description: 'asks another node',
  async *run({ ask }) {
    yield JSON.stringify(await ask('@far', 'x'))
  }
})

async function knows({ capabilities }: Assembly, agent: string): Promise<void> {
  while ((await capabilities.finder.find(`@${agent}`)).providers.length === 0) {
    await systemClock.sleep(10)
  }
}

/** Microseconds of CPU time for each of so many. */
async function cost(
  count: number,
  inFlight: number,
  work: () => Promise<unknown>
): Promise<number> {
  let left = count
  const before = process.cpuUsage()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1
        await work()
      }
    })
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function signerOf({ wire }: Assembly): BehalfSigner {
  return createBehalfSigner({ clock: systemClock, random: systemRandom }, wire.identity)
}

const far = defineAgent({ ...plain, id: 'far', description: 'answers', run: leaf.run })
const c = await start('c', [far], [])
const b = await start('b', [leaf, middle], c.wire.network.addresses())
const a = await start('a', [], b.wire.network.addresses())
try {
  await Promise.all([knows(a, 'leaf'), knows(a, 'middle'), knows(b, 'far')])
  const { delegations } = a.work
  const held = delegations.heldBy.bind(delegations)
  const delegate = async (target: string): Promise<void> => {
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'x' }] }
    const { id } = await delegations.delegate({ target, message })
    for await (const event of delegations.watch(id)) {
      if (event.type === 'result' && event.error) throw new Error(event.error.code)
    }
  }
  const [root, task, swarm] = [
    'ab'.repeat(16),
    '01890a5d-ac96-774b-bcce-b302099a8057',
    'swarm:' + 'ab'.repeat(16)
  ]
  const [signA, signB] = [signerOf(a), signerOf(b)]
  const init = { task, root, with: swarm, limits: { depth: 8 }, expiresAt: systemClock.now() + DAY }
  const first = a.wire.identity.peer
  const second = b.wire.identity.peer
  const third = c.wire.identity.peer
  const proof = (await signA({ ...init, audience: second })) ?? ''
  const token = (await signB({ ...init, audience: third, proof })) ?? ''
  const now = systemClock.now()
  const check = {
    self: third,
    task,
    root,
    with: swarm,
    askers: [first, second],
    now,
    isRevoked: () => false
  }
  const seen = createSeenTokens()
  seen.add(proof)
  const known = { has: (one: string) => seen.has(one), add: () => {} }

  const kinds: Record<string, () => Promise<number>> = {
    'task, a → b': () => cost(TASKS, IN_FLIGHT, () => delegate('@leaf')),
    'task, a → b → c, not proven': async () => {
      delegations.heldBy = () => undefined
      return cost(TASKS, IN_FLIGHT, () => delegate('@middle'))
    },
    'task, a → b → c, proven': async () => {
      delegations.heldBy = held
      return cost(TASKS, IN_FLIGHT, () => delegate('@middle'))
    },
    'one signature': () => cost(TASKS, 1, () => signA({ ...init, audience: second })),
    'check of two links': () => cost(TASKS, 1, () => verifyBehalf(token, check)),
    'check of two, the first seen before': () =>
      cost(TASKS, 1, () => verifyBehalf(token, { ...check, seen: known }))
  }
  const figures = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(kinds)) {
      const one = await run()
      // The first rounds run code that is not compiled yet.
      if (round > 1) figures.set(name, [...(figures.get(name) ?? []), one])
    }
  }
  console.log(`proof of two links: ${token.length} bytes\n\n| what | µs of CPU |\n|---|---|`)
  for (const [name, values] of figures) console.log(`| ${name} | ${median(values).toFixed(0)} |`)
} finally {
  for (const node of [a, b, c]) await node.stop()
  rmSync(folder, { recursive: true, force: true })
}
