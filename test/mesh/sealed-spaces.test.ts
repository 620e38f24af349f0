/** Sealed spaces between whole nodes over TCP: who reads them, and what all others get to see. */
import { join } from 'node:path'
import { readdir, readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { Assembly } from '../../node/assembly.ts'
import { createReplicationClient } from '../../protocols/replication/client.ts'
import { keyOfPeer } from '../../trust/author-key.ts'
import { met, startMemoryNode } from '../support/memory-nodes.ts'
import { testFolder } from '../support/started-nodes.ts'

/** Of everything that is written below, in keys and values alike: nothing else may contain it. */
const CLEAR = /moonshot|gruyere/

const SLOW = { timeout: 15_000 }

async function setup() {
  const folder = testFolder()
  const [owner, member, outsider] = await Promise.all([
    startMemoryNode(folder, { name: 'owner' }),
    startMemoryNode(folder, { name: 'member' }),
    startMemoryNode(folder, { name: 'outsider' })
  ])
  await met([owner, member, outsider])
  const subscribed = vi.spyOn(owner.wire.pubsub, 'subscribe')
  const { space } = await owner.memory.create({ name: 'vault', mode: 'members', sealed: true })
  await put(owner, 'moonshot/before', 'of gruyere')
  const [topic = ''] = subscribed.mock.calls.map(([name]) => name)
  return { folder, owner, member, outsider, space, topic }
}

const vault = ({ memory }: Assembly) => memory.space('vault')
const authorOf = ({ wire }: Assembly): string => keyOfPeer(wire.identity.peer)
const put = (node: Assembly, key: string, value: string) =>
  vault(node).put(key, Buffer.from(JSON.stringify(value)))

async function read(node: Assembly, key: string): Promise<string> {
  try {
    const entry = await vault(node).get(key)
    return entry === undefined ? 'nothing' : String(JSON.parse(Buffer.from(entry.value).toString()))
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed'
  }
}

/** All rows of a database, and all files of its node. */
async function everythingOf(node: Assembly, folder: string): Promise<string> {
  const rows: string[] = []
  for await (const [key, value] of node.database.store.iterate({})) {
    rows.push(key, Buffer.from(value).toString('latin1'))
  }
  const home = join(folder, node.wire.name)
  const files = await readdir(home, { recursive: true, withFileTypes: true })
  for (const file of files.filter((each) => each.isFile())) {
    rows.push(await readFile(join(file.parentPath, file.name), 'latin1'))
  }
  return rows.join('\n')
}

test('members read, list, watch and search in the clear; an outsider that listens gets ciphertext', async () => {
  const { folder, owner, member, outsider, space, topic } = await setup()
  expect(topic).toMatch(/^\/lumos\/s\/[0-9a-f]{32}\/1$/)
  expect(topic).not.toContain(space.id)
  const heard: string[] = []
  outsider.wire.pubsub.subscribe(topic, (_, data) => {
    heard.push(Buffer.from(data).toString('latin1'))
    return 'accept'
  })

  await vault(owner).grant(authorOf(member), { role: 'write', prefix: '' })
  await expect.poll(() => read(member, 'moonshot/before'), SLOW).toBe('of gruyere')
  const listeners = () => owner.wire.pubsub.subscribers(topic).length
  await expect.poll(listeners, SLOW).toBe(2)
  await put(member, 'moonshot/reply', 'more gruyere')
  await expect.poll(() => read(owner, 'moonshot/reply'), SLOW).toBe('more gruyere')

  const listed = await Array.fromAsync(vault(owner).list({ prefix: 'moon' }))
  expect(listed.map(({ key }) => key)).toEqual(['moonshot/before', 'moonshot/reply'])
  const watched: string[] = []
  for await (const event of vault(member).watch({ prefix: 'moonshot/' })) {
    if (event.type === 'ready') break
    if (event.type === 'put') watched.push(event.entry.key)
  }
  expect(watched.toSorted()).toEqual(['moonshot/before', 'moonshot/reply'])
  const { hits } = await member.memoryFor().space('vault').search('reply')
  expect(hits.map(({ fact }) => fact.value)).toEqual(['more gruyere'])

  await expect.poll(() => heard.length, SLOW).toBeGreaterThan(0)
  expect(heard.join()).toContain(Buffer.from(space.id, 'hex').toString('latin1'))
  expect(heard.join()).not.toMatch(CLEAR)
  for (const node of [owner, member, outsider]) {
    expect(await everythingOf(node, folder)).not.toMatch(CLEAR)
  }
})

test('an outsider is told neither that a sealed space is there nor what is in it', async () => {
  const { owner, outsider, space } = await setup()
  const session = outsider.wire.sessions.get(owner.wire.identity.peer)
  if (session === undefined) throw new Error('they have met')
  const { signal } = new AbortController()
  const peer = createReplicationClient({ clock: systemClock, session }, { space: space.id, signal })
  const unknown = expect.objectContaining({ code: 'SPACE_UNKNOWN' })
  await expect(peer.summary()).rejects.toEqual(unknown)
  await expect(peer.statements()).rejects.toEqual(unknown)
  await expect(Array.fromAsync(peer.pull(new Map()))).rejects.toEqual(unknown)
  expect(outsider.memory.spaces().map((each) => each.space.name)).toEqual(['shared'])
})

test('who was put out reads what it could read, and nothing that is written afterwards', async () => {
  const { owner, member, outsider, topic } = await setup()
  await vault(owner).grant(authorOf(member), { role: 'write', prefix: '' })
  await vault(owner).grant(authorOf(outsider), { role: 'read', prefix: '' })
  for (const node of [member, outsider]) {
    await expect.poll(() => read(node, 'moonshot/before'), SLOW).toBe('of gruyere')
  }
  await expect.poll(() => owner.wire.pubsub.subscribers(topic).length, SLOW).toBe(2)

  await vault(owner).revoke(authorOf(member))
  await put(owner, 'moonshot/after', 'new gruyere')
  // The other one is still in, with the new secret.
  await expect.poll(() => read(outsider, 'moonshot/after'), SLOW).toBe('new gruyere')
  // It still hears what is told: it is ciphertext now.
  await expect.poll(() => read(member, 'moonshot/after'), SLOW).toBe('SEAL_BROKEN')
  expect(await read(member, 'moonshot/before')).toBe('of gruyere')
  const write = async (): Promise<string> =>
    put(member, 'moonshot/forged', 'x').then(
      () => 'written',
      (error: { code: string }) => error.code
    )
  await expect.poll(write, SLOW).toBe('WRITE_DENIED')
  expect(await read(owner, 'moonshot/forged')).toBe('nothing')
})
