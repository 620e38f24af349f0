/** Swarms with a list of members: whole nodes over TCP that are invited, join, are sent away and come back. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LumosNode, NodeOptions } from '../../node/create-node.ts'
import { startApart, testFolder } from '../support/started-nodes.ts'

/** Machines under test are slow; the bar of the product is a minute. */
const SOON = { timeout: 20_000 }

function bootstrapOf(node: LumosNode): string[] {
  return [...node.addresses()]
}

const connected = (node: LumosNode) => async (): Promise<string[]> =>
  (await node.peers()).peers
    .filter(({ state }) => state === 'connected')
    .map(({ name }) => name)
    .toSorted()

const standings = (node: LumosNode) => async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await node.members.show()).members.map(({ name, standing }) => [name, standing])
  )

const echoes = (node: LumosNode) => async (): Promise<string[]> =>
  (await node.find('echo')).providers.map(({ node: { name } }) => name).toSorted()

async function joined(folder: string, inviter: LumosNode, name: string): Promise<LumosNode> {
  const { text } = await inviter.members.invite({})
  return startApart(folder, name, { invite: text, bootstrap: bootstrapOf(inviter) })
}

test('one line of text lets another node in, with the key and the list', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const { text, founded } = await owner.members.invite({ role: 'worker' })
  expect(text).toMatch(/^lumos1_[\w-]+$/)
  expect(text.length).toBeLessThanOrEqual(350)
  expect(founded).toBe(true)
  const guest = await startApart(folder, 'guest', { invite: text, bootstrap: bootstrapOf(owner) })
  await expect.poll(connected(owner), SOON).toEqual(['guest'])
  expect(await standings(guest)()).toMatchObject({ guest: 'worker' })
  expect((await guest.members.show()).swarm).toMatchObject({
    kind: 'members',
    role: 'worker',
    owner: owner.peerId,
    key: { known: true }
  })
})

test('six ways in which an invite does not work are six errors', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const used = await owner.members.invite({})
  await startApart(folder, 'first', { invite: used.text })
  const failing = (name: string, extra: Partial<NodeOptions>): Promise<unknown> =>
    startApart(folder, name, extra).then(
      () => 'joined',
      (error: { code?: string }) => error.code
    )
  expect(await failing('a', { invite: used.text })).toBe('INVITE_USED')
  expect(await failing('b', { invite: used.text.slice(0, -9) })).toBe('INVITE_DAMAGED')
  const other = await owner.members.invite({})
  expect(await failing('c', { invite: other.text, swarm: { name: 'elsewhere' } })).toBe(
    'INVITE_OTHER_SWARM'
  )
  await owner.members.withdraw(other.invite.id)
  expect(await failing('d', { invite: other.text })).toBe('INVITE_WITHDRAWN')
  const last = await owner.members.invite({})
  await owner.stop()
  expect(await failing('e', { invite: last.text })).toBe('INVITER_UNREACHABLE')
})

test('agents of a client are found by nobody, whatever its node tells of them', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const bob = await joined(folder, owner, 'bob')
  const { text } = await owner.members.invite({ role: 'client' })
  const client = await startApart(folder, 'client', {
    invite: text,
    bootstrap: bootstrapOf(owner)
  })
  await expect.poll(connected(client), SOON).toEqual(['bob', 'owner'])
  await expect.poll(echoes(client), SOON).toEqual(['bob', 'client', 'owner'])
  for (const node of [owner, bob]) expect(await echoes(node)()).toEqual(['bob', 'owner'])
})

test('who is sent away is out everywhere at once; those who stay have a key that it has not', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const bob = await joined(folder, owner, 'bob')
  const eve = await joined(folder, owner, 'eve')
  await expect.poll(connected(bob), SOON).toEqual(['eve', 'owner'])
  await owner.members.remove('eve')
  await expect.poll(connected(bob), SOON).toEqual(['owner'])
  await expect.poll(connected(owner), SOON).toEqual(['bob'])
  await expect
    .poll(async () => (await bob.members.show()).swarm.key, SOON)
    .toEqual({ epoch: 2, known: true })
  await expect.poll(connected(eve), SOON).toEqual([])
  expect(await standings(eve)()).toMatchObject({ eve: 'removed' })
  const { key } = (await eve.members.show()).swarm
  expect(key.known).toBe(false)
})

test('a member that was away while the key changed is let in again and told; one that was sent away meanwhile is not', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const late = await joined(folder, owner, 'late')
  const eve = await joined(folder, owner, 'eve')
  await expect.poll(connected(owner), SOON).toEqual(['eve', 'late'])
  await Promise.all([late.stop(), eve.stop()])
  await owner.members.remove('eve')
  const again = { bootstrap: bootstrapOf(owner) }
  const back = await startApart(folder, 'late', again)
  await expect.poll(connected(owner), SOON).toEqual(['late'])
  await expect
    .poll(async () => (await back.members.show()).swarm.key, SOON)
    .toEqual({ epoch: 2, known: true })
  expect(await standings(back)()).toMatchObject({ eve: 'removed' })
  const outside = await startApart(folder, 'eve', again)
  await expect.poll(async () => (await outside.peers()).peers.length, SOON).toBeGreaterThan(0)
  await expect.poll(connected(owner), SOON).toEqual(['late'])
  expect((await outside.members.show()).swarm.key.epoch).toBe(1)
})

test('two members that have never heard of each other meet: each shows why it is one', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const first = await joined(folder, owner, 'first')
  await expect.poll(connected(owner), SOON).toEqual(['first'])
  await first.stop()
  const second = await joined(folder, owner, 'second')
  await expect.poll(connected(owner), SOON).toEqual(['second'])
  await owner.stop()
  // The list of the first ends before the second came; the owner is not there to tell.
  const back = await startApart(folder, 'first', { bootstrap: bootstrapOf(second) })
  await expect.poll(connected(back), SOON).toEqual(['second'])
  expect(await standings(back)()).toMatchObject({ second: 'member' })
})

test('nodes of one user that share a key stay together when one of them begins a list', async () => {
  const folder = testFolder()
  const runtimeDirectory = join(folder, 'run')
  const here = { runtimeDirectory, discovery: { mdns: false } }
  const amber = await startApart(folder, 'amber', here)
  const birch = await startApart(folder, 'birch', here)
  await expect.poll(connected(amber), SOON).toEqual(['birch'])
  expect((await birch.members.show()).swarm).toMatchObject({ kind: 'key', role: 'member' })
  await amber.members.invite({})
  await expect.poll(standings(birch), SOON).toMatchObject({ birch: 'member' })
  expect(await connected(birch)()).toEqual(['amber'])
  await expect.poll(async () => (await birch.members.show()).swarm.key.known, SOON).toBe(true)
})

test('a stranger that has the key, but is not on the list, reaches nothing', async () => {
  const folder = testFolder()
  const swarmKey = '0123456789abcdef'.repeat(4)
  const owner = await startApart(folder, 'owner', { swarmKey })
  await owner.members.invite({})
  const stranger = await startApart(folder, 'stranger', { swarmKey, bootstrap: bootstrapOf(owner) })
  await expect.poll(async () => (await stranger.peers()).peers.length, SOON).toBe(1)
  await expect
    .poll(async () => (await stranger.peers()).peers[0]?.error !== undefined, SOON)
    .toBe(true)
  expect(await connected(owner)()).toEqual([])
})

test('once a list is kept, further nodes of the same user on the host still need no words', async () => {
  const folder = testFolder()
  const here = { runtimeDirectory: join(folder, 'run'), discovery: { mdns: false } }
  const amber = await startApart(folder, 'amber', here)
  await amber.members.invite({})
  const birch = await startApart(folder, 'birch', here)
  await expect.poll(connected(amber), SOON).toEqual(['birch'])
  expect((await birch.members.show()).swarm).toMatchObject({ kind: 'members', role: 'member' })
  await amber.members.remove('birch')
  await birch.stop()
  // What lies there for everybody does not bring back who was sent away.
  await expect.poll(connected(amber), SOON).toEqual([])
  await startApart(folder, 'birch', here)
  await expect.poll(standings(amber), SOON).toMatchObject({ birch: 'removed' })
  expect(await connected(amber)()).toEqual([])
})

test('an invite that was there before does not bring back who was sent away; a new one does', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const { text } = await owner.members.invite({ uses: 5 })
  const eve = await startApart(folder, 'eve', { invite: text, bootstrap: bootstrapOf(owner) })
  await expect.poll(connected(owner), SOON).toEqual(['eve'])
  await owner.members.remove('eve')
  await eve.stop()
  await expect(startApart(folder, 'eve', { invite: text })).rejects.toMatchObject({
    code: 'INVITE_WITHDRAWN'
  })
  const again = await owner.members.invite({})
  await startApart(folder, 'eve', { invite: again.text, bootstrap: bootstrapOf(owner) })
  await expect.poll(connected(owner), SOON).toEqual(['eve'])
})

test('a member that was away is found, too, by those that have the new key', async () => {
  const folder = testFolder()
  const owner = await startApart(folder, 'owner')
  const late = await joined(folder, owner, 'late')
  const eve = await joined(folder, owner, 'eve')
  await expect.poll(connected(owner), SOON).toEqual(['eve', 'late'])
  await late.stop()
  await owner.members.remove('eve')
  await Promise.all([owner.stop(), eve.stop()])
  // Nobody is where it was, so that only the owner can dial.
  await Promise.all(['late', 'owner'].map((name) => rm(join(folder, name, 'data/peers.json'))))
  const back = await startApart(folder, 'late')
  const again = await startApart(folder, 'owner', { bootstrap: bootstrapOf(back) })
  await expect.poll(connected(again), SOON).toEqual(['late'])
  await expect
    .poll(async () => (await back.members.show()).swarm.key, SOON)
    .toEqual({ epoch: 2, known: true })
})
