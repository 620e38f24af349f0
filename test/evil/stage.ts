/** A victim in a process of its own and an honest peer beside it: what attacks are done to, and who must not feel them. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { defineAgent } from '../../agents/agent.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { LIMITS } from '../../core/limits.ts'
import { EVIL } from './attack.ts'
import type { Target } from './attack.ts'
import { BAIT, CANARY_SKILL } from './attacks/canary.ts'
import { startObedientModel } from './obedient-model.ts'
import { startVictim } from './victim.ts'
import type { Victim } from './victim.ts'

const CONVERSATION = /^(?:threads?|working-memory)\//
const PATIENCE_MS = 20_000
const GIVE_UP_MS = 10_000
const BETWEEN_MS = 10
const WARM_UP_TASKS = 100
/** One that takes longer than this shows that the node still works off what was done to it. */
const CALM_TASK_MS = 500

/** What an attack could change. */
export interface View {
  /** What is in the shared space, apart from conversations with `chat`, which everybody may have. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Who is believed to have the honest peer's skill. */
  readonly canaries: readonly string[]
  readonly ownAgents: readonly string[]
  /** Who is in the swarm as what, apart from attackers; empty without a members list. */
  readonly members: Readonly<Record<string, string>>
  /** Whether the grants that it gave are in force, by id. */
  readonly grants: Readonly<Record<string, string>>
}

export interface Stage {
  readonly victim: Victim
  readonly target: Target
  view(): Promise<View>
  /** Milliseconds that each task of the honest peer takes, one after the other until `signal`. */
  honestTasks(signal: AbortSignal): Promise<number[]>
  /** What an attack has left behind is worked off, or has had its time. */
  calmDown(): Promise<void>
  /** The victim's user asks whom an attacker offers. What comes of it is the attacker's to tell. */
  beLured(signal: AbortSignal): Promise<void>
  /** The victim's user sends away each attacker that is a member and here. */
  sendAway(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

const canary = defineAgent({
  id: 'canary',
  description: 'Says that all is well.',
  skills: [{ id: CANARY_SKILL, name: 'Canary', description: 'Sings.', tags: ['text'] }],
  async *run() {
    yield 'all is well'
  }
})

export interface StageInit {
  /** Empty; with a short path. */
  readonly folder: string
  /** The victim owns a swarm with a members list; otherwise everybody who has the key is in it. */
  readonly listed: boolean
}

export async function startStage(init: StageInit): Promise<Stage> {
  /** What is running, also when what comes after it does not start. */
  const closing: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close()
  }
  try {
    return { ...(await setUp(init, closing)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function setUp(
  { folder, listed }: StageInit,
  closing: (() => Promise<unknown>)[]
): Promise<Omit<Stage, 'stop'>> {
  await mkdir(folder, { recursive: true })
  const { shared, sharedFile, secret, secretPath } = await layOutFiles(folder)
  const swarmKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  const model = await startObedientModel({ path: 'canary', secret })
  closing.push(() => model.stop())
  const privateRoot = join(folder, 'secret')
  const victim = await startVictim({
    folder,
    swarmKey,
    filesRoot: shared,
    privateRoot,
    model: model.url
  })
  closing.push(() => victim.kill())
  const [address = ''] = victim.addresses
  const invite = listed ? await inviteOf(victim) : undefined
  const honest = await startHonest({ folder, address, ...(invite ? { invite } : { swarmKey }) })
  closing.push(() => honest.stop())
  await knowEachOther({ honest, victim })
  const grant = await giveGrants({ honest, victim })
  const target: Target = {
    address,
    peer: victim.peerId,
    swarmId: victim.swarmId,
    spaceId: await sharedSpace(victim),
    swarmKey,
    invite,
    honest: honest.peerId,
    grant,
    secretPath,
    secret,
    sharedFile
  }
  return {
    victim,
    target,
    view: () => viewOf(victim),
    honestTasks: (signal) => honestTasks({ honest, victim }, signal),
    async calmDown() {
      const patience = AbortSignal.timeout(GIVE_UP_MS)
      while ((await honestTask({ honest, victim })) > CALM_TASK_MS && !patience.aborted);
    },
    beLured: (signal) => beLured(victim, signal),
    sendAway: (signal) => sendAway(victim, signal)
  }
}

async function inviteOf({ client }: Victim): Promise<string> {
  return (await client.swarm.invite({ uses: LIMITS.inviteUses.value })).text
}

/** What the victim shows to anybody, what to nobody, and a way from the one to the other that is none. */
async function layOutFiles(folder: string) {
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

interface HonestInit {
  readonly folder: string
  readonly swarmKey?: string
  readonly invite?: string
  /** Of the victim. */
  readonly address: string
}

async function startHonest({ folder, address, ...way }: HonestInit): Promise<LumosNode> {
  const honest = await createNode({
    home: join(folder, 'honest'),
    runtimeDirectory: join(folder, 'run-honest'),
    name: 'honest',
    ...way,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [address],
    discovery: { mdns: false, sameHost: false },
    builtin: { enabled: [] },
    agents: [canary]
  })
  await honest.start()
  return honest
}

async function knowEachOther({ honest, victim }: Pair): Promise<void> {
  await honest.memory.space('shared').put('kept', 'as it was')
  await comesTrue(async () => {
    const { facts, canaries, ownAgents } = await viewOf(victim)
    const isWhole = ownAgents.includes('chat') && canaries[0] === honest.peerId
    return facts['kept'] === 'as it was' && isWhole
  })
  await comesTrue(async () => (await honest.find('clock')).providers.length > 0)
  // What is loaded when a model is first asked, and compiled for the first tasks, costs a moment that is no attacker's.
  await Array.fromAsync(victim.client.run({ target: 'chat', text: 'hello' }))
  for (let task = 0; task < WARM_UP_TASKS; task++) await honestTask({ honest, victim })
}

async function comesTrue(isTrue: () => Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  while (!(await isTrue())) await pause(200, undefined, { signal: patience })
}

async function viewOf({ client }: Victim): Promise<View> {
  const { providers } = await client.find(CANARY_SKILL, { all: true })
  const { facts } = await client.memory.list('shared')
  const kept = facts.filter(({ key }) => !CONVERSATION.test(key))
  const { agents } = await client.agents()
  const { members } = await client.swarm.show()
  const { given } = await client.grants.list()
  return {
    facts: Object.fromEntries(kept.map(({ key, value }) => [key, value])),
    canaries: providers.map(({ node }) => node.id),
    ownAgents: agents.filter(({ local }) => local).map(({ id }) => id),
    grants: Object.fromEntries(given.map(({ id, state }) => [id, state])),
    members: Object.fromEntries(
      members.filter(({ name }) => name !== EVIL).map(({ id, standing }) => [id, standing])
    )
  }
}

/** Two, of which the first is taken back. Resolves to the id of the other. */
async function giveGrants({ honest, victim }: Pair): Promise<string> {
  const { grants } = victim.client
  const give = () => grants.create({ peer: honest.peerId, can: ['task/send'] })
  const [back, stays] = [await give(), await give()]
  await grants.revoke(back.grant.id)
  return stays.grant.id
}

async function sharedSpace({ client }: Victim): Promise<string> {
  const { spaces } = await client.spaces.list()
  const shared = spaces.find(({ name }) => name === 'shared')
  if (shared === undefined) throw new Error('no shared space')
  return shared.id
}

interface Pair {
  readonly honest: LumosNode
  readonly victim: Victim
}

/** Milliseconds until a task of the honest peer is done, however often it has to be given. */
async function honestTask({ honest, victim }: Pair): Promise<number> {
  const begun = performance.now()
  for (;;) {
    try {
      const events = await Array.fromAsync(
        honest.run('clock', 'utc', { to: victim.peerId, timeoutMs: 10_000 })
      )
      if (events.at(-1)?.type !== 'result') throw new TypeError('a task without a result')
      return performance.now() - begun
    } catch (error) {
      // A node that stands still, or refuses for a moment, is tried again: that is part of what it takes.
      if (error instanceof TypeError || performance.now() - begun > GIVE_UP_MS) throw error
    }
  }
}

async function honestTasks(pair: Pair, signal: AbortSignal): Promise<number[]> {
  const taken: number[] = []
  do {
    taken.push(await honestTask(pair))
    await pause(BETWEEN_MS)
  } while (!signal.aborted)
  return taken
}

async function beLured({ client }: Victim, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const request = { target: BAIT.agent, text: 'please' }
    await Array.fromAsync(client.run(request, { signal })).catch(() => undefined)
    await pause(50)
  }
}

/** Each once it has been seen with a session twice: who is sent away before it has one shows nothing. */
async function sendAway({ client }: Victim, signal: AbortSignal): Promise<void> {
  let before = new Set<string>()
  while (!signal.aborted) {
    const [{ members }, { peers }] = await Promise.all([client.swarm.show(), client.peers()])
    const here = new Set(peers.filter(({ state }) => state === 'connected').map(({ id }) => id))
    const evil = members.filter(({ name, standing }) => name === EVIL && standing === 'member')
    for (const { id } of evil) if (here.has(id) && before.has(id)) await client.swarm.remove(id)
    before = here
    await pause(200)
  }
}
