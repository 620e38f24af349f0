/** A swarm as people have it: real daemons, made, joined and left by the command alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { InviteDocument, SwarmDocument } from '../../client/swarm-api.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'

// A command takes a fifth of a second, the start of a node up to five on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

/** The bar for a node that is sent away is a minute. */
const SOON = { timeout: 30_000, interval: 200 }
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

let folder = ''
let owner: Lumos
let box: Lumos

/** A machine of its own, as far as it can tell. */
function machine(name: string): Lumos {
  return createLumos({ home: join(folder, name) })
}

async function json<T>(lumos: Lumos, ...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await lumos.run([...argv, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const document: T = JSON.parse(stdout)
  return document
}

async function failure(lumos: Lumos, ...argv: string[]): Promise<string> {
  const { code, stdout } = await lumos.run([...argv, '--json'])
  expect(code).not.toBe(0)
  const document: { readonly error: { readonly code: string; readonly hint: string } } =
    JSON.parse(stdout)
  expect(document.error.hint).not.toBe('')
  return document.error.code
}

const swarmOf = (lumos: Lumos): Promise<SwarmDocument> =>
  json<SwarmDocument>(lumos, 'swarm', 'show')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-swarm-'))
  owner = machine('owner')
  box = machine('box')
  await json(owner, 'swarm', 'create', 'lab')
  await json(owner, 'up', '--name', 'owner', ...LOCAL)
})

afterAll(async () => {
  await Promise.all([owner, box].map((lumos) => lumos.run(['down'])))
  await rm(folder, { recursive: true, force: true })
})

test('create, invite, join, remove: four commands, and nobody types an address', async () => {
  const { text } = await json<InviteDocument>(owner, 'invite', '--role', 'worker')
  await writeFile(join(folder, 'invite'), `${text}\n`)
  await json(box, 'join', `file:${join(folder, 'invite')}`, '--name', 'box', ...LOCAL)
  await expect
    .poll(async () => (await swarmOf(owner)).members.find(({ name }) => name === 'box'), SOON)
    .toMatchObject({ standing: 'worker', connected: true })
  expect((await swarmOf(box)).swarm).toMatchObject({ name: 'lab', kind: 'members', role: 'worker' })
  expect(await json(box, 'swarm', 'ls')).toMatchObject({
    swarms: [{ name: 'lab', current: true, role: 'worker', members: expect.any(Number) }]
  })

  // It stays so without the invite.
  await json(box, 'restart')
  await expect
    .poll(
      async () => (await swarmOf(owner)).members.find(({ name }) => name === 'box')?.connected,
      SOON
    )
    .toBe(true)

  await json(owner, 'swarm', 'remove', 'box')
  expect((await swarmOf(owner)).swarm.key).toEqual({ epoch: 2, known: true })
  await expect.poll(async () => (await swarmOf(box)).swarm.role, SOON).toBeNull()
  await expect
    .poll(async () => (await swarmOf(owner)).members.find(({ name }) => name === 'box'), SOON)
    .toMatchObject({ standing: 'removed', connected: false })
})

test('what is wrong with an invite is said in the word of its own, with a way out', async () => {
  const used = await json<InviteDocument>(owner, 'invite')
  const other = machine('other')
  const late = machine('late')
  try {
    expect((await other.run(['join', '-', '--quiet', ...LOCAL], used.text)).code).toBe(0)
    expect(await failure(late, 'join', used.text, ...LOCAL)).toBe('INVITE_USED')
    expect(await failure(late, 'join', used.text.slice(0, -1), ...LOCAL)).toBe('INVITE_DAMAGED')
    const good = await json<InviteDocument>(owner, 'invite')
    expect(await failure(late, 'join', good.text, '--swarm', 'elsewhere', ...LOCAL)).toBe(
      'INVITE_OTHER_SWARM'
    )
  } finally {
    await Promise.all([other, late].map((lumos) => lumos.run(['down'])))
  }
})
