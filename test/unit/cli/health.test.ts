import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeOperations } from '../../support/control-operations.ts'

type Problems = Awaited<ReturnType<ControlOperations['status']>>['problems']

async function nodeWith(problems: Problems) {
  const status = await fakeOperations().status()
  return createTestCli({
    status: async () => ({ ...status, peers: 2, agents: 6, uptimeMs: 60_000, problems })
  })
}

const SKEW = { code: 'CLOCK_SKEW', message: 'the clock of bob is 2 minutes off' }
const FULL = { code: 'STORE_FULL', message: 'the disk is full' }

test('a node that is well says so in one line', async () => {
  const cli = await nodeWith([])
  expect(await cli.run(['health'])).toEqual({
    code: 0,
    out: 'OK - amber-otter up 1m, 2 peers, 6 agents, 0 tasks running | peers=2 agents=6 running=0\n',
    err: ''
  })
  expect(await cli.run(['health', '--ready', '-q'])).toEqual({ code: 0, out: '', err: '' })
})

test('a problem is a warning, and the others are counted', async () => {
  const cli = await nodeWith([SKEW, SKEW, SKEW])
  const { code, out } = await cli.run(['health', '--ready'])
  expect(code).toBe(1)
  expect(out).toMatch(/^WARNING - the clock of bob is 2 minutes off, and 2 more problems; amber/)
})

test('a node that cannot write lives, but is not ready', async () => {
  const cli = await nodeWith([SKEW, FULL])
  expect((await cli.run(['health'])).code).toBe(1)
  const { code, out } = await cli.run(['health', '--ready', '--json'])
  expect(code).toBe(2)
  expect(JSON.parse(out)).toMatchObject({ v: 1, state: 'critical' })
})

test('a node that is not there is critical', async () => {
  const cli = await createTestCli()
  const { code, out, err } = await cli.run(['health'])
  expect([code, err]).toEqual([2, ''])
  expect(out).toMatch(/^CRITICAL - no Lumos node is running [^\n]*\n$/)
})

test.for([
  ['SHUTTING_DOWN', 2, 'CRITICAL'],
  ['FORBIDDEN', 3, 'UNKNOWN']
] as const)('an answer of %s makes %d', async ([reason, exit, word]) => {
  const cli = await createTestCli({ status: () => Promise.reject(new LumosError(reason)) })
  const { code, out } = await cli.run(['health'])
  expect([code, out.split(' ')[0]]).toEqual([exit, word])
})
