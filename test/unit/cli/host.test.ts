/** `lumos host`: what people and scripts see of agents of other frameworks. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HostRequest, HostSummary } from '../../../client/hosting-api.ts'
import { LumosError } from '../../../core/errors.ts'
import type { HostOperations } from '../../../gateway/control/hosting-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeHosts } from '../../support/hosting-operations.ts'
import { testFolder } from '../../support/started-nodes.ts'

function setup(hosts: Partial<HostOperations> = {}, summary?: HostSummary) {
  return createTestCli({ hosts: { ...fakeHosts(summary), ...hosts } })
}

test('says how many tasks a removal cut short', async () => {
  const cli = await setup({
    remove: async (name) => ({ ...(await fakeHosts().remove(name)), ended: 2 })
  })
  expect(await cli.run(['host', 'rm', 'shop'])).toMatchObject({
    code: 0,
    out: 'shop is hosted no more; 2 tasks did not end in time and failed\n'
  })
})

async function requestOf(...words: string[]): Promise<HostRequest | undefined> {
  let asked: HostRequest | undefined
  const cli = await setup({
    async add(request) {
      asked = request
      return fakeHosts().add(request)
    }
  })
  expect(await cli.run(['host', ...words])).toMatchObject({ code: 0, err: expect.any(String) })
  return asked
}

test('tells which agents a project brought, and how to try one', async () => {
  const cli = await setup()
  const { code, out, err } = await cli.run(['host', '/projects/shop'])
  expect({ code, out }).toEqual({
    code: 0,
    out: 'shop runs with 2 agents:\n  clerk\n  buyer\n'
  })
  expect(err).toContain('lumos run clerk "hello"')
})

test('hands on an absolute path, and only the variables that were named', async () => {
  const file = join(testFolder(), '.env')
  await writeFile(file, 'A=from file\nB="two words"\n')
  expect(
    await requestOf('some/where', '--env', 'NO_COLOR', '--env', 'A=b=c', '--env-file', file)
  ).toEqual({
    path: join(process.cwd(), 'some/where'),
    env: { A: 'b=c', B: 'two words', NO_COLOR: '1' }
  })
  expect(await requestOf('/x', '--name', 'y', '--memory', '512', '--once')).toEqual({
    path: '/x',
    env: {},
    name: 'y',
    memoryBytes: 512 * 1024 * 1024,
    once: true
  })
})

test.for([
  [['--env', 'NO_SUCH_VARIABLE'], 'this shell has no variable NO_SUCH_VARIABLE'],
  [['--env-file', '/no/such/file'], '/no/such/file cannot be read'],
  [['--memory', 'much'], 'no whole number']
] as const)('refuses %j before anything is hosted', async ([flags, reason]) => {
  const cli = await setup()
  const { code, err } = await cli.run(['host', '/x', ...flags])
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) })
})

test('says why a project cannot be hosted', async () => {
  const cli = await setup({
    async add({ path }) {
      throw new LumosError('HOST_INVALID', { details: { path, reason: 'no agent is exported' } })
    }
  })
  const { code, err } = await cli.run(['host', '/x'])
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining('/x cannot be hosted: no agent is exported')
  })
})

test('lists what is hosted, and says so when nothing is', async () => {
  const { out } = await (await setup()).run(['host', 'ls'])
  expect(out.split('\n')[1]).toMatch(/^shop +ready +\d+ MB +1 +clerk,buyer +\/projects\/shop$/)
  const empty = await setup({ list: async () => ({ v: 1, hosts: [] }) })
  expect(await empty.run(['host', 'ls'])).toMatchObject({
    out: '',
    err: expect.stringContaining('nothing is hosted')
  })
})

test('shows why one does not run, and never the value of a variable', async () => {
  const { hosts } = await fakeHosts().list()
  const [shop] = hosts
  if (shop === undefined) throw new Error('there is no host')
  const broken = { ...shop, state: 'quarantined', reason: 'it ended 4 times' } as const
  const { out } = await (await setup({}, broken)).run(['host', 'show', 'shop'])
  expect(out).toContain('quarantined: it ended 4 times')
  expect(out).toContain('OPENAI_API_KEY')
})

test.for(['show', 'restart', 'rm'])('%s --json prints the document', async (verb) => {
  const { out } = await (await setup()).run(['host', verb, 'shop', '--json'])
  expect(JSON.parse(out)).toMatchObject({ v: 1, host: { name: 'shop' } })
})
