/** Peers that mean ill against a node in a process of its own, with an honest peer beside them. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode } from '../../node/create-node.ts'
import type { ModelServer } from '../support/model-server.ts'
import { startAttacker } from './attacker.ts'
import type { Attacker } from './attacker.ts'
import { ATTACKS } from './attacks.ts'
import { BAIT, CANARY_SKILL } from './attacks/canary.ts'
import { startObedientModel } from './obedient-model.ts'
import type { Feeling } from './probe.ts'
import { evilTable, writeEvilTable } from './report.ts'
import type { Measured } from './report.ts'
import { startVictim } from './victim.ts'
import type { Victim } from './victim.ts'

const CONVERSATION = /^(?:threads?|working-memory)\//
const PATIENCE = { timeout: 20_000, interval: 200 }
const CALM_MS = 500
const GIVE_UP_MS = 10_000
const MIB = 1024 * 1024
/**
 * The bars of the table (2 ×, 64 MiB, 100 ms) are those of a quiet machine. These here tell an attack
 * that works from a busy processor: unguarded nodes stand still for seconds, and grow without end.
 */
const MOST = { honestMs: 10_000, honestFactor: 20, grownBytes: 384 * MIB, gapMs: 8000 }

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
let attacker: Attacker
let model: ModelServer
let before: View
const rows: Measured[] = []
/** What is running, also when what comes after it does not start. */
const closing: (() => Promise<unknown>)[] = []

/** What the victim shows to anybody, what to nobody, and a way from the one to the other that is none. */
async function layOutFiles() {
  const shared = join(folder, 'shared')
  const secretPath = join(folder, 'secret/canary')
  const secret = crypto.randomUUID()
  const sharedFile = { path: 'open.txt', text: crypto.randomUUID() }
  await mkdir(join(folder, 'secret'))
  await mkdir(shared)
  await writeFile(secretPath, secret)
  await writeFile(join(shared, sharedFile.path), sharedFile.text)
  await symlink(join(folder, 'secret'), join(shared, 'link'))
  return { shared, sharedFile, secret, secretPath }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-evil-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const { shared, sharedFile, secret, secretPath } = await layOutFiles()
  const swarmKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  model = await startObedientModel({ path: 'canary', secret })
  closing.push(() => model.stop())
  victim = await startVictim({
    folder,
    swarmKey,
    filesRoot: shared,
    privateRoot: join(folder, 'secret'),
    model: model.url
  })
  closing.push(() => victim.kill())
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
  closing.push(() => honest.stop())
  await honest.start()
  await honest.memory.space('shared').put('kept', 'as it was')
  await vi.waitFor(async () => {
    const { facts, canaries, ownAgents } = await victimsView()
    const isWhole = ownAgents.includes('chat') && canaries[0] === honest.peerId
    if (facts['kept'] !== 'as it was' || !isWhole) throw new Error('not yet')
  }, PATIENCE)
  // What is loaded when a model is first asked costs a moment that is no attacker's.
  await Array.fromAsync(victim.client.run({ target: 'chat', text: 'hello' }))
  before = await victimsView()
  await vi.waitFor(async () => {
    if ((await honest.find('clock')).providers.length === 0) throw new Error('not yet')
  }, PATIENCE)
  const { peerId: peer, swarmId } = victim
  attacker = await startAttacker({
    address,
    peer,
    swarmId,
    spaceId: await sharedSpace(),
    swarmKey,
    honest: honest.peerId,
    secretPath,
    secret,
    sharedFile
  })
  closing.push(() => attacker.stop())
}, 60_000)

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  const order = ATTACKS.map(({ name }) => name)
  const sorted = rows.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  process.stdout.write(`\n${evilTable(sorted)}\n`)
  const all = rows.length === ATTACKS.length
  if (process.env['EVIL_REPORT'] !== undefined && all) {
    await writeEvilTable('docs/security.md', sorted)
  }
}, 30_000)

interface View {
  /** What is in the shared space, apart from conversations with `chat`, which everybody may have. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Who is believed to have the honest peer's skill. */
  readonly canaries: readonly string[]
  readonly ownAgents: readonly string[]
}

/** What an attack could change. */
async function victimsView(): Promise<View> {
  const { client } = victim
  const { providers } = await client.find(CANARY_SKILL, { all: true })
  const { facts } = await client.memory.list('shared')
  const kept = facts.filter(({ key }) => !CONVERSATION.test(key))
  const { agents } = await client.agents()
  return {
    facts: Object.fromEntries(kept.map(({ key, value }) => [key, value])),
    canaries: providers.map(({ node }) => node.id),
    ownAgents: agents.filter(({ local }) => local).map(({ id }) => id)
  }
}

/** Milliseconds until a task of the honest peer is done, however often it has to be given. */
async function honestTask(): Promise<number> {
  const begun = performance.now()
  for (;;) {
    try {
      const events = await Array.fromAsync(
        honest.run('clock', 'utc', { to: victim.peerId, timeoutMs: 10_000 })
      )
      expect(events.at(-1)).toMatchObject({ type: 'result' })
      return performance.now() - begun
    } catch (error) {
      // A node that stands still, or refuses for a moment, is tried again: that is part of what it takes.
      if (performance.now() - begun > GIVE_UP_MS) throw error
    }
  }
}

/** What they take until `signal`. */
async function honestTasks(signal: AbortSignal): Promise<number[]> {
  const taken: number[] = []
  do {
    taken.push(await honestTask())
    await pause(10)
  } while (!signal.aborted)
  return taken
}

async function sharedSpace(): Promise<string> {
  const { spaces } = await victim.client.spaces.list()
  const shared = spaces.find(({ name }) => name === 'shared')
  if (shared === undefined) throw new Error('no shared space')
  return shared.id
}

/** The victim's user asks whom an attacker offers. What comes of it is the attacker's to tell. */
async function beLured(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const request = { target: BAIT.agent, text: 'please' }
    await Array.fromAsync(victim.client.run(request, { signal })).catch(() => undefined)
    await pause(50)
  }
}

/** What an attack has left behind is worked off, or has had its time. */
async function calmDown(): Promise<void> {
  const patience = AbortSignal.timeout(GIVE_UP_MS)
  while ((await honestTask()) > CALM_MS && !patience.aborted);
}

function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Infinity
}

/** The worst that is felt until `signal`. */
async function worstFelt(signal: AbortSignal): Promise<Feeling> {
  // What was before is somebody else's.
  await victim.feel()
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

describe.each(ATTACKS)('$name', ({ name, threats, expected, lures = false }) => {
  test(`the victim lives, knows what it knew, names the offender; honest tasks go on`, async () => {
    await calmDown()
    const calm = AbortSignal.timeout(CALM_MS)
    const [calmTasks, felt] = await Promise.all([honestTasks(calm), worstFelt(calm)])
    const over = new AbortController()
    const [report, tasks, worst] = await Promise.all([
      attacker.carryOut(name).finally(() => over.abort()),
      honestTasks(over.signal),
      worstFelt(over.signal),
      lures ? beLured(over.signal) : undefined
    ])
    const { met, accused, success } = report
    const [calmMs, attackedMs] = [percentile95(calmTasks), percentile95(tasks)]
    const named = accused.length > 0 ? true : undefined
    rows.push({ name, threats, expected, met, named, calmMs, attackedMs, felt, worst })
    expect(success).toBeUndefined()
    await expect.poll(victimsView, { timeout: 10_000 }).toEqual(before)
    const log = await victim.log()
    expect(accused.filter((peer) => !log.includes(peer))).toEqual([])
    expect(attackedMs).toBeLessThan(Math.max(MOST.honestMs, MOST.honestFactor * calmMs))
    expect(worst.rssBytes - felt.rssBytes).toBeLessThan(MOST.grownBytes)
    expect(worst.gapMs).toBeLessThan(Math.max(MOST.gapMs, MOST.honestFactor * felt.gapMs))
  }, 60_000)
})
