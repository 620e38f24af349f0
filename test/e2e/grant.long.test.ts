/** A grant as people have it: made, handed over, used, looked into and taken back by the command alone. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { AuditLine } from '../../client/audit-api.ts'
import type { GrantDocument, GrantList } from '../../client/grants-api.ts'
import type { InviteDocument } from '../../client/swarm-api.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'

// A command takes a fifth of a second, the start of a node up to five on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const SOON = { timeout: 30_000, interval: 200 }
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

let folder = ''
let owner: Lumos
let box: Lumos

async function json<T>(lumos: Lumos, ...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await lumos.run([...argv, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const document: T = JSON.parse(stdout)
  return document
}

/** What came of a task for the owner's node. */
async function ask(agent: string): Promise<string> {
  const { code, stdout } = await box.run(['run', agent, 'hello', '--to', 'owner', '--json'])
  if (code === 0) return 'done'
  return /"code":"DELEGATION_(\w+)"/.exec(stdout)?.[1] ?? stdout
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-grant-'))
  owner = createLumos({ home: join(folder, 'owner') })
  box = createLumos({ home: join(folder, 'box') })
  await json(owner, 'swarm', 'create', 'lab')
  await json(owner, 'up', '--name', 'owner', ...LOCAL)
  const { text } = await json<InviteDocument>(owner, 'invite', '--role', 'worker')
  await json(box, 'join', text, '--name', 'box', ...LOCAL)
})

afterAll(async () => {
  await Promise.all([owner, box].map((lumos) => lumos.run(['down'])))
  await rm(folder, { recursive: true, force: true })
})

test('a worker has one skill done by a grant, and nothing once it is taken back', async () => {
  await expect.poll(() => ask('echo'), SOON).toBe('FORBIDDEN')

  const bounds = ['--skill', 'echo', '--rate', '100', '--expires', '1h']
  const made = await owner.run(['grant', 'create', 'box', '--can', 'task/send', ...bounds])
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('lumos grant add') })
  // Nobody but the box can use it, not even to keep it.
  expect((await owner.run(['grant', 'add', '-'], made.stdout)).code).toBe(4)
  expect((await box.run(['grant', 'add', '-'], made.stdout)).code).toBe(0)
  await expect.poll(() => ask('echo'), SOON).toBe('done')

  const { grant, valid } = await json<GrantDocument>(box, 'grant', 'verify', made.stdout.trim())
  expect({ grant, valid }).toMatchObject({
    grant: { audience: { name: 'box' }, issuer: { name: 'owner' }, limits: { rate: 100 } },
    valid: true
  })
  const { stdout } = await owner.run(['audit', '--peer', 'box', '--json'])
  const lines = stdout.trim().split('\n')
  const noted = lines.map((line): Partial<AuditLine> => JSON.parse(line))
  expect(noted).toContainEqual(
    expect.objectContaining({ did: 'task.send', what: 'echo', grant: grant.id, allowed: true })
  )

  await json(owner, 'grant', 'revoke', grant.id.slice(0, 8))
  expect(await ask('echo')).toBe('FORBIDDEN')
  await expect
    .poll(async () => (await json<GrantList>(box, 'grant', 'ls')).held[0]?.state, SOON)
    .toBe('revoked')
  const verified = await box.run(['grant', 'verify', grant.id.slice(-8)])
  expect(verified).toMatchObject({ code: 4, stdout: expect.stringContaining('broken') })
})
