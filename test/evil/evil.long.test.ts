/** Peers that mean ill against a node in a process of its own, with an honest peer beside them. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { kill } from '../support/child-process.ts'
import type { AttackReport, Target } from './attack.ts'
import { ATTACKS } from './attacks.ts'
import type { AttackOrder } from './attacker-process.ts'
import type { Feeling } from './probe.ts'
import { writeEvilTable } from './report.ts'
import type { Measured } from './report.ts'
import { startVictim } from './victim.ts'
import type { Victim } from './victim.ts'

/** Of the honest peer, and of it alone. */
const CANARY_SKILL = 'text.canary'
const PATIENCE = { timeout: 20_000, interval: 200 }
const CALM_MS = 800
const ATTACK_MS = 2000
const MIB = 1024 * 1024
/**
 * The bars of the table (2 ×, 64 MiB, 100 ms) are those of a quiet machine. These here tell an attack
 * that works from a busy processor: unguarded nodes stand still for seconds, and grow without end.
 */
const MOST = { honestMs: 3000, honestFactor: 20, grownBytes: 256 * MIB, gapMs: 2500 }

const canary = defineAgent({
  id: 'canary',
  description: 'Says that all is well.',
  skills: [{ id: CANARY_SKILL, name: 'Canary', description: 'Sings.', tags: ['text'] }],
  async *run() {
    yield 'all is well'
  }
})

let folder: string
let victim: Victim
let honest: LumosNode
let attacker: ChildProcess
let target: Target
let before: View
const rows: Measured[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-evil-'))
  const shared = join(folder, 'shared')
  const secretPath = join(folder, 'secret/canary')
  const secret = crypto.randomUUID()
  await mkdir(join(folder, 'secret'))
  await mkdir(shared)
  await writeFile(secretPath, secret)
  await symlink(join(folder, 'secret'), join(shared, 'link'))
  const swarmKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  victim = await startVictim({ folder, swarmKey, filesRoot: shared })
  const [address = ''] = victim.addresses
  honest = await createNode({
    home: join(folder, 'honest'),
    runtimeDirectory: join(folder, 'run-honest'),
    name: 'honest',
    swarmKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [address],
    discovery: { mdns: false, sameHost: false },
    builtin: { enabled: [] },
    agents: [canary]
  })
  await honest.start()
  await honest.memory.space('shared').put('kept', 'as it was')
  await vi.waitFor(async () => {
    const { fact, canaries } = await victimsView()
    if (fact !== 'as it was' || canaries[0] !== honest.peerId) throw new Error('not yet')
  }, PATIENCE)
  before = await victimsView()
  await vi.waitFor(async () => {
    if ((await honest.find('clock')).providers.length === 0) throw new Error('not yet')
  }, PATIENCE)
  attacker = fork(join(import.meta.dirname, 'attacker-process.ts'), { stdio: 'ignore' })
  await once(attacker, 'message')
  const { peerId: peer, swarmId } = victim
  target = { address, peer, swarmId, swarmKey, honest: honest.peerId, secretPath, secret }
}, 60_000)

afterAll(async () => {
  await kill(attacker)
  await honest.stop()
  await victim.kill()
  await rm(folder, { recursive: true, force: true })
  const all = rows.length === ATTACKS.length
  if (process.env['EVIL_REPORT'] !== undefined && all) {
    const order = ATTACKS.map(({ name }) => name)
    const sorted = rows.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    await writeEvilTable('docs/security.md', sorted)
  }
}, 30_000)

interface View {
  readonly fact: unknown
  /** Digest of all that is in the shared space. */
  readonly root: string | undefined
  /** Who is believed to have the honest peer's skill. */
  readonly canaries: readonly string[]
  readonly ownAgents: readonly string[]
}

/** What an attack could change. */
async function victimsView(): Promise<View> {
  const { client } = victim
  const { providers } = await client.find(CANARY_SKILL, { all: true })
  const { spaces } = await client.memory.status()
  const { agents } = await client.agents()
  return {
    fact: await client.memory.get('shared', 'kept').then(
      ({ value }) => value,
      () => undefined
    ),
    root: spaces.find(({ name }) => name === 'shared')?.root,
    canaries: providers.map(({ node }) => node.id),
    ownAgents: agents.filter(({ local }) => local).map(({ id }) => id)
  }
}

/** Milliseconds that each task of the honest peer took until `signal`. */
async function honestTasks(signal: AbortSignal): Promise<number[]> {
  const taken: number[] = []
  do {
    const begun = performance.now()
    const events = await Array.fromAsync(
      honest.run('clock', 'utc', { to: victim.peerId, timeoutMs: 10_000 })
    )
    expect(events.at(-1)).toMatchObject({ type: 'result' })
    taken.push(performance.now() - begun)
    await pause(10)
  } while (!signal.aborted)
  return taken
}

function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Infinity
}

/** The worst that is felt until `signal`. */
async function worstFelt(signal: AbortSignal): Promise<Feeling> {
  let worst: Feeling = { gapMs: 0, rssBytes: 0 }
  do {
    await pause(100)
    const { gapMs, rssBytes } = await victim.feel()
    worst = {
      gapMs: Math.max(worst.gapMs, gapMs),
      rssBytes: Math.max(worst.rssBytes, rssBytes)
    }
  } while (!signal.aborted)
  return worst
}

async function carryOut(name: string): Promise<AttackReport> {
  const order: AttackOrder = { target, name, durationMs: ATTACK_MS }
  attacker.send(order)
  for (;;) {
    // Of an attack before, whose test has given up.
    const [report]: (AttackReport & { name: string })[] = await once(attacker, 'message')
    if (report?.name === name) return report
  }
}

describe.each(ATTACKS)('$name', ({ name, threats, expected }) => {
  test(`the victim lives, knows what it knew, names the offender; honest tasks go on`, async () => {
    const calm = AbortSignal.timeout(CALM_MS)
    const [calmTasks, felt] = await Promise.all([honestTasks(calm), worstFelt(calm)])
    const over = new AbortController()
    const [report, tasks, worst] = await Promise.all([
      carryOut(name).finally(() => over.abort()),
      honestTasks(over.signal),
      worstFelt(over.signal)
    ])
    const { met, accused, success } = report
    expect(success).toBeUndefined()
    await expect.poll(victimsView, { timeout: 10_000 }).toEqual(before)
    const log = await victim.log()
    expect(accused.filter((peer) => !log.includes(peer))).toEqual([])
    const [calmMs, attackedMs] = [percentile95(calmTasks), percentile95(tasks)]
    const named = accused.length > 0 ? true : undefined
    rows.push({ name, threats, expected, met, named, calmMs, attackedMs, felt, worst })
    expect(attackedMs).toBeLessThan(Math.max(MOST.honestMs, MOST.honestFactor * calmMs))
    expect(worst.rssBytes - felt.rssBytes).toBeLessThan(MOST.grownBytes)
    expect(worst.gapMs).toBeLessThan(Math.max(MOST.gapMs, MOST.honestFactor * felt.gapMs))
  }, 60_000)
})
