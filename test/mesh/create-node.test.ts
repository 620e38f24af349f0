/** Whole nodes in one process: they find each other, work for each other, and leave nothing behind. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import type { RunEvent } from '../../client/api.ts'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { startNode, testFolder } from '../support/started-nodes.ts'

const shout = defineAgent({
  id: 'shout',
  description: 'Says it louder.',
  skills: [{ id: 'text.shout', name: 'Shout', description: 'Upper case.', tags: ['text'] }],
  async *run({ text, signal }) {
    if (text === 'for ever')
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    yield text.toUpperCase()
  }
})

async function twoNodes() {
  const folder = testFolder()
  const [amber, birch] = await Promise.all([
    startNode(folder, { name: 'amber' }),
    startNode(folder, { name: 'birch', agents: [shout] })
  ])
  await knows(amber, 'shout')
  return { amber, birch, folder }
}

function agentsOf(node: LumosNode): () => Promise<string[]> {
  return async () => (await node.agents()).agents.map(({ id }) => id)
}

async function knows(node: LumosNode, agent: string): Promise<void> {
  await expect.poll(agentsOf(node), { timeout: 10_000 }).toContain(agent)
}

async function story(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  return Array.fromAsync(events)
}

test('two nodes of one user meet without configuration, and one works for the other', async () => {
  const { amber, birch } = await twoNodes()
  const events = await story(amber.run('text.shout', 'hello'))
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index))
  expect(events.at(0)).toMatchObject({ type: 'routed', worker: { name: 'birch' }, path: 'direct' })
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    task: { state: 'TASK_STATE_COMPLETED', artifacts: [{ parts: [{ text: 'HELLO' }] }] },
    worker: { id: birch.peerId, name: 'birch' }
  })
})

test('the same task id is the same task, and other work under it a conflict', async () => {
  const { amber } = await twoNodes()
  const taskId = '01a1fbfe-07d5-7168-9c87-d72d02c0f288'
  const first = await story(amber.run('shout', 'once', { taskId }))
  expect(await story(amber.run('shout', 'once', { taskId }))).toEqual(first)
  await expect(story(amber.run('shout', 'twice', { taskId }))).rejects.toMatchObject({
    code: 'TASK_CONFLICT'
  })
})

test('tasks are on disk, unless the node is told to keep them in memory', async () => {
  const folder = testFolder()
  for (const keep of ['disk', 'memory'] as const) {
    const node = await startNode(folder, { name: keep, tasks: { keep } })
    const events = await Array.fromAsync(node.run('echo', 'hi', { where: 'local' }))
    expect(events.at(-1)).toMatchObject({ type: 'result', task: { state: 'TASK_STATE_COMPLETED' } })
    expect(existsSync(join(folder, keep, 'data/database'))).toBe(keep === 'disk')
  }
})

test('a deadline reaches the agent on the other node', async () => {
  const { amber } = await twoNodes()
  const events = await story(amber.run('shout', 'for ever', { timeoutMs: 300 }))
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    task: { state: 'TASK_STATE_FAILED' },
    error: { code: 'TIMED_OUT' }
  })
})

test('agents of a node that stops are gone at once, and come back with it', async () => {
  const { amber, birch, folder } = await twoNodes()
  await birch.stop()
  await expect
    .poll(async () => (await amber.find('shout')).providers.length, { timeout: 5000 })
    .toBe(0)
  await startNode(folder, { name: 'birch', agents: [shout] })
  await knows(amber, 'shout')
})

test('nodes of different swarms on one host stay apart, and say why', async () => {
  const folder = testFolder()
  const amber = await startNode(folder, { name: 'amber', swarmKey: '1a2b'.repeat(16) })
  await startNode(folder, { name: 'birch', swarmKey: '2b3c'.repeat(16), swarm: { name: 'other' } })
  await expect
    .poll(async () => (await amber.peers()).peers, { timeout: 10_000 })
    .toMatchObject([{ name: 'birch', state: 'refused', error: { code: 'OTHER_SWARM' } }])
})

test('a bootstrap address without a peer id is enough', async () => {
  const folder = testFolder()
  const swarmKey = '3c4d'.repeat(16)
  const apart = { swarmKey, discovery: { mdns: false, sameHost: false } }
  const beacon = await startNode(folder, { ...apart, name: 'beacon', agents: [shout] })
  const [address = ''] = beacon.addresses()
  const bootstrap = [address.replace(/\/p2p\/.*/, '')]
  const amber = await startNode(folder, { ...apart, name: 'amber', bootstrap })
  await expect.poll(agentsOf(amber), { timeout: 10_000 }).toContain('shout')
})

test('a configuration that is wrong is refused with the key that is', async () => {
  await expect(createNode({ home: testFolder(), listen: ['nonsense'] })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('listen.0')
  })
})

test('a process that started and stopped two nodes ends by itself: nothing is left open', async () => {
  const script = join(import.meta.dirname, '../support/start-and-stop.ts')
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [script, testFolder()], { timeout: 25_000 })
  // That it ended at all is the proof: anything left open would have kept it until it was killed.
  expect(JSON.parse(stdout)).toEqual({ met: true })
})

test.each(['agents.json', 'blocked.json', 'grants.json', 'swarm-home.members.json'])(
  'a node does not start while %s is damaged, since it says no to somebody',
  async (name) => {
    const folder = testFolder()
    const home = join(folder, 'node')
    await mkdir(join(home, 'data'), { recursive: true })
    await writeFile(join(home, 'data', name), '{')
    for (const _ of ['first', 'second']) {
      await expect(startNode(folder, { name: 'node' })).rejects.toMatchObject({
        code: 'FILE_DAMAGED'
      })
    }
  }
)
