/** A node that forgets a space it was let into: what its peers then do, over TCP, and how it gets all back. */
import { expect, test } from 'vitest'
import type { Assembly } from '../../node/assembly.ts'
import { keyOfPeer } from '../../trust/author-key.ts'
import { met, shared, startMemoryNode } from '../support/memory-nodes.ts'
import { testFolder } from '../support/started-nodes.ts'

const SLOW = { timeout: 30_000 }

const put = ({ memory }: Assembly, space: string, key: string) =>
  memory.space(space).put(key, Buffer.from('"of it"'))
const names = ({ memory }: Assembly) => memory.spaces().map(({ space }) => space.name)

async function keysOf({ memory }: Assembly): Promise<readonly string[]> {
  const entries = await Array.fromAsync(memory.space('vault').list())
  return entries.map(({ key }) => key)
}

async function rowsOf({ database }: Assembly, space: string): Promise<number> {
  let rows = 0
  for await (const [key] of database.store.iterate({})) if (key.startsWith(`mem/${space}/`)) rows++
  return rows
}

/** Whatever `from` told before, by gossip or in a repair of what it tells now, has come as well. */
async function heardOf(from: Assembly, to: Assembly, key: string): Promise<void> {
  await put(from, 'shared', key)
  await expect.poll(async () => (await shared(to).get(key)) !== undefined, SLOW).toBe(true)
}

test('who forgets a private space gets nothing of it, also after a restart, until it joins again', async () => {
  const folder = testFolder()
  const owner = await startMemoryNode(folder, { name: 'owner' })
  const member = await startMemoryNode(folder, { name: 'member' })
  await met([owner, member])
  const vault = await owner.memory.create({ name: 'vault', mode: 'members', sealed: true })
  const { id } = vault.space
  await put(owner, 'vault', 'a/first')
  await vault.grant(keyOfPeer(member.wire.identity.peer), { role: 'write', prefix: '' })
  await expect.poll(() => names(member), SLOW).toContain('vault')
  await expect.poll(() => keysOf(member).catch(() => []), SLOW).toEqual(['a/first'])
  await put(member, 'vault', 'b/mine')
  await expect.poll(() => keysOf(owner), SLOW).toEqual(['a/first', 'b/mine'])
  const found = await member.memoryFor().space('vault').search('it')
  expect(found.hits).toHaveLength(2)

  await member.memory.forget('vault')
  await put(owner, 'vault', 'c/unheard')
  await heardOf(owner, member, 'after')
  expect(names(member)).toEqual(['shared'])
  await expect.poll(() => rowsOf(member, id), SLOW).toBe(0)
  expect(await keysOf(owner)).toEqual(['a/first', 'b/mine', 'c/unheard'])

  await member.stop()
  const again = await startMemoryNode(folder, { name: 'member' })
  await met([owner, again])
  await heardOf(owner, again, 'restarted')
  expect(names(again)).toEqual(['shared'])
  expect(await rowsOf(again, id)).toBe(0)

  await again.memory.join('vault')
  await expect
    .poll(() => keysOf(again).catch(() => []), SLOW)
    .toEqual(['a/first', 'b/mine', 'c/unheard'])
  await put(again, 'vault', 'd/back')
  await expect.poll(() => keysOf(owner), SLOW).toContain('d/back')
  const anew = await again.memoryFor().space('vault').search('it')
  expect(anew.hits).toHaveLength(4)
}, 120_000)

test('a search of a space that was joined again finds what is there now, and nothing of before', async () => {
  const node = await startMemoryNode(testFolder(), { name: 'alone' })
  await node.memory.create({ name: 'vault', mode: 'members', sealed: false })
  const search = async (): Promise<readonly string[]> => {
    const { hits } = await node.memoryFor().space('vault').search('it')
    return hits.map(({ fact }) => fact.key)
  }
  await put(node, 'vault', 'before')
  expect(await search()).toEqual(['before'])
  await node.memory.forget('vault', { force: true })
  const { space } = await node.memory.join('vault')
  await put(node, 'vault', 'now')
  expect(await search()).toEqual(['now'])
  expect(space.name).toBe('vault')
})
