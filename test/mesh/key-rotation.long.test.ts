/** Nodes whose key is changed while they are down: the others know them again, and nobody else. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { runKeysCommand } from '../../node/keys/keys-command.ts'
import type { LumosNode } from '../../node/create-node.ts'
import { cornerOf } from '../../memory/spaces/access.ts'
import { keyOfPeer } from '../../trust/author-key.ts'
import { plainKeyText } from '../../trust/identity.ts'
import { signSuccession } from '../../trust/members/statement.ts'
import { testIdentity } from '../support/identity.ts'
import { startApart, testFolder } from '../support/started-nodes.ts'

/** Machines under test are slow; a member that comes back is there within seconds. */
const SOON = { timeout: 45_000 }

async function rotate(folder: string, name: string): Promise<string> {
  const result = await runKeysCommand(['rotate'], {
    clock: systemClock,
    random: systemRandom,
    paths: resolvePaths({
      LUMOS_HOME: join(folder, name),
      LUMOS_RUNTIME_DIR: join(folder, `run-${name}`)
    }),
    passphraseFile: undefined,
    swarm: 'home',
    ask: () => Promise.resolve(undefined)
  })
  return result.text
}

const connected = (node: LumosNode) => async (): Promise<string[]> =>
  (await node.peers()).peers
    .filter(({ state }) => state === 'connected')
    .map(({ id }) => id)
    .toSorted()

const standings = (node: LumosNode) => async (): Promise<Record<string, string>> =>
  Object.fromEntries((await node.members.show()).members.map(({ id, standing }) => [id, standing]))

const read = (node: LumosNode, key: string) => async (): Promise<unknown> =>
  (await node.memory.space().get(key))?.value

async function pair(folder: string): Promise<[LumosNode, LumosNode]> {
  const owner = await startApart(folder, 'owner')
  const { text } = await owner.members.invite({})
  const bob = await startApart(folder, 'bob', { invite: text, bootstrap: [...owner.addresses()] })
  await expect.poll(connected(owner), SOON).toEqual([bob.peerId])
  return [owner, bob]
}

test('a member with another key comes back without an invite, as the same member, and goes on writing what was its own', async () => {
  const folder = testFolder()
  const [owner, bob] = await pair(folder)
  // Where nobody else may write.
  const mine = `${cornerOf(keyOfPeer(bob.peerId))}notes`
  await bob.memory.space().put(mine, 'before')
  await expect.poll(read(owner, mine), SOON).toBe('before')
  await bob.stop()
  const told = await rotate(folder, 'bob')
  const back = await startApart(folder, 'bob', { bootstrap: [...owner.addresses()] })
  expect(back.peerId).not.toBe(bob.peerId)
  expect(told).toContain(back.peerId)
  await expect.poll(connected(owner), SOON).toEqual([back.peerId])
  const { members } = await owner.members.show()
  expect(members).toMatchObject([
    { id: owner.peerId, standing: 'owner', former: [] },
    { id: back.peerId, standing: 'member', former: [bob.peerId], name: 'bob' }
  ])
  // And a key of the swarm that was made since.
  await expect
    .poll(async () => (await back.members.show()).swarm.key, SOON)
    .toEqual({ epoch: 2, known: true })
  expect(await read(back, mine)()).toBe('before')
  await back.memory.space().put(mine, 'after')
  await expect.poll(read(owner, mine), SOON).toBe('after')
})

test('the owner with another key is the owner still: it lets in, and sends away', async () => {
  const folder = testFolder()
  const [owner, bob] = await pair(folder)
  await owner.stop()
  await rotate(folder, 'owner')
  const back = await startApart(folder, 'owner', { bootstrap: [...bob.addresses()] })
  await expect.poll(connected(bob), SOON).toEqual([back.peerId])
  expect((await bob.members.show()).swarm.owner).toBe(back.peerId)
  const { text } = await back.members.invite({})
  const guest = await startApart(folder, 'guest', {
    invite: text,
    bootstrap: [...back.addresses()]
  })
  await expect
    .poll(standings(bob), SOON)
    .toEqual({ [back.peerId]: 'owner', [bob.peerId]: 'member', [guest.peerId]: 'member' })
  await back.members.remove('guest')
  await expect.poll(standings(bob), SOON).toMatchObject({ [guest.peerId]: 'removed' })
})

test('who says to be the heir of a member, which has not said so, is not let in', async () => {
  const folder = testFolder()
  const [owner, bob] = await pair(folder)
  const thief = await testIdentity(77)
  const own = await testIdentity(78)
  const { swarm } = await owner.members.show()
  const file = 'swarm-home.members.json'
  const list = JSON.parse(await readFile(join(folder, 'bob/data', file), 'utf8'))
  const forged = await signSuccession({ old: own, next: thief }, swarm.id, {
    reason: 'routine',
    at: 0,
    keeps: []
  })
  // Its own disk is not asked whether it lies.
  list.statements.push({ ...forged, by: bob.peerId })
  const data = join(folder, 'thief/data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await writeFile(join(data, file), JSON.stringify(list), { mode: 0o600 })
  await writeFile(join(data, 'node.key'), plainKeyText(thief.privateKey.reveal()), { mode: 0o600 })
  const node = await startApart(folder, 'thief', { bootstrap: [...owner.addresses()] })
  await expect
    .poll(async () => (await node.peers()).peers.some(({ error }) => error !== undefined), SOON)
    .toBe(true)
  expect(await connected(owner)()).toEqual([bob.peerId])
  expect(await standings(owner)()).toEqual({ [owner.peerId]: 'owner', [bob.peerId]: 'member' })
})

test('a copy of the old key opens nothing any more', async () => {
  const folder = testFolder()
  const [owner, bob] = await pair(folder)
  await bob.stop()
  const data = join(folder, 'copy/data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  for (const file of ['node.key', 'swarm-home.members.json']) {
    await copyFile(join(folder, 'bob/data', file), join(data, file))
  }
  await rotate(folder, 'bob')
  const again = { bootstrap: [...owner.addresses()] }
  const back = await startApart(folder, 'bob', again)
  await expect.poll(connected(owner), SOON).toEqual([back.peerId])
  const copy = await startApart(folder, 'copy', again)
  expect(copy.peerId).toBe(bob.peerId)
  await expect.poll(async () => (await copy.peers()).peers.length, SOON).toBeGreaterThan(0)
  await expect
    .poll(async () => (await copy.peers()).peers.some(({ error }) => error !== undefined), SOON)
    .toBe(true)
  expect(await connected(owner)()).toEqual([back.peerId])
})

test('another key is no way around a block', async () => {
  const folder = testFolder()
  const [owner, bob] = await pair(folder)
  await owner.stop()
  await bob.stop()
  const block = { peer: bob.peerId, at: 0, reason: 'floods us' }
  await writeFile(join(folder, 'owner/data/blocked.json'), JSON.stringify([block]))
  await rotate(folder, 'bob')
  const here = await startApart(folder, 'owner')
  const back = await startApart(folder, 'bob', { bootstrap: [...here.addresses()] })
  await expect.poll(standings(here), SOON).toHaveProperty(back.peerId, 'member')
  await expect
    .poll(() => readFile(join(folder, 'owner/data/blocked.json'), 'utf8'), SOON)
    .toContain(back.peerId)
  expect(await connected(here)()).toEqual([])
})
