import { expect, test } from 'vitest'
import type { LogLevelsChange, LogLevelsDocument } from '../../../client/log-levels-api.ts'
import type { LogFilter } from '../../../gateway/control/log-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeLogLevels } from '../../support/log-operations.ts'

test('what is wanted of the log reaches the node as it was typed', async () => {
  const asked: LogFilter[] = []
  const cli = await createTestCli({
    async *logs(filter) {
      asked.push(filter)
      yield {
        time: '2026-01-02T03:04:05.678Z',
        level: 'debug',
        component: 'discovery',
        message: 'found',
        fields: { peer: 'bob' }
      }
    }
  })
  const flags = ['-f', '--component', 'discovery', '--level', 'debug', '--peer', 'bob']
  const { code, out } = await cli.run(['logs', ...flags, '--task', '7f3a'], { columns: 80 })
  expect(code).toBe(0)
  expect(out).toContain('discovery found peer=bob')
  expect(asked).toEqual([
    {
      follow: true,
      limit: 50,
      component: 'discovery',
      level: 'debug',
      peer: ['bob'],
      task: '7f3a'
    }
  ])
})

test('levels are shown with what they go back to', async () => {
  const cli = await createTestCli({ logLevels: fakeLogLevels() })
  expect(await cli.run(['logs', 'level'])).toEqual({
    code: 0,
    out:
      'info   all that is not named here\n' +
      'debug  discovery   until 2026-01-02T03:14:05.678Z, then info\n',
    err: ''
  })
})

test('levels are switched for all, for parts, for a while, or back', async () => {
  const asked: LogLevelsChange[] = []
  const cli = await createTestCli({ logLevels: fakeLogLevels(asked) })
  await cli.run(['logs', 'level', 'info', 'discovery=debug', 'libp2p:tcp=trace', '--for', '10m'])
  await cli.run(['logs', 'level', 'discovery=default', '--reset'])
  expect(asked).toEqual([
    { level: 'info', components: { discovery: 'debug', 'libp2p:tcp': 'trace' }, forMs: 600_000 },
    { components: { discovery: null }, reset: true }
  ])
})

test('a part that nobody has heard of is said to be none, and the nearest is named', async () => {
  const cli = await createTestCli({ logLevels: fakeLogLevels() })
  const { code, err } = await cli.run(['logs', 'level', 'discovry=debug', 'libp2p=debug'])
  expect(code).toBe(0)
  expect(err).toBe('no part of the node is called discovry so far; did you mean discovery?\n')
})

test('what holds only until the node stops says how to keep it', async () => {
  const levels: LogLevelsDocument = {
    v: 1,
    level: 'debug',
    components: { dht: 'trace' },
    configured: { level: 'info', components: {} },
    known: ['dht']
  }
  const cli = await createTestCli({ logLevels: { show: () => levels, change: () => levels } })
  const { err } = await cli.run(['logs', 'level', 'debug', 'dht=trace'])
  expect(err).toBe(
    'until the node stops; to keep it: lumos config set log.level debug && lumos config set log.components dht=trace\n'
  )
})

test.for([
  [['level', 'loud'], '"loud" is no level'],
  [['level', 'discovery=loud'], '"loud" is no level'],
  [['level', 'debug', 'info'], 'cannot both be for all'],
  [['level', '--for', '10m'], '--for needs levels'],
  [['--level', 'deubg'], 'did you mean debug?'],
  [['levl'], 'unknown command "logs levl"']
] as const)('%j is answered with what is expected', async ([argv, text]) => {
  const cli = await createTestCli({ logLevels: fakeLogLevels() })
  const { code, err } = await cli.run(['logs', ...argv])
  expect([code, err]).toEqual([2, expect.stringContaining(text)])
})
