/** `lumos tools`: what people and scripts see of tools, and what they decide about them. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import type { ToolOperations } from '../../../gateway/control/tools-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeTools, TOOL_EVENTS, TOOL_LIST } from '../../support/tool-operations.ts'

function setup(tools: Partial<ToolOperations> = {}) {
  return createTestCli({ tools: fakeTools(tools) })
}

test('ls shows what may be used by whom, and what is broken', async () => {
  const cli = await setup()
  const { out, err, code } = await cli.run(['tools'])
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|'))).toEqual([
    'TOOL|VERSION|FROM|EFFECTS|SELF|PEERS|DESCRIPTION',
    'http_fetch|1.0.0|builtin|network|allow|deny|Reads a page.',
    'shell|1.0.0|builtin|execute|deny|deny|Runs a program.',
    ''
  ])
  expect(err).toContain('/home/ada/.config/lumos/default/tools/weather.ts:3: Unexpected token')
  expect(err).toContain('rule: allow http_fetch for self tainted')
  expect((await cli.run(['tools', 'ls', '--all'])).out).toContain('0.9.0')
})

test('show says why', async () => {
  const cli = await setup()
  const { out } = await cli.run(['tools', 'show', 'http_fetch'])
  expect(out).toContain('deny: it can reach the network')
  expect(out).toContain('written by strangers; what goes in can be read elsewhere')
  expect(out).toContain('1m a call, 16 at once, 600 a minute')
})

test('call prints the output alone, and what the tool says on its way beside it', async () => {
  const calls: unknown[] = []
  const cli = await setup({
    async *call(tool, request) {
      calls.push([tool, request])
      yield* TOOL_EVENTS
    }
  })
  expect(await cli.run(['tools', 'call', 'http_fetch', '{"url":', '"x"}'])).toEqual({
    code: 0,
    out: '{"status":200}\n',
    err: 'reading\n'
  })
  await cli.run(['tools', 'call', 'clock', '--yes'])
  await cli.run(['tools', 'call', 'clock', '-'], { input: '{"a": 1}' })
  expect(calls).toEqual([
    ['http_fetch', { input: { url: 'x' }, consent: false }],
    ['clock', { input: {}, consent: true }],
    ['clock', { input: { a: 1 }, consent: false }]
  ])
  const { out } = await cli.run(['tools', 'call', 'clock', '--json'])
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  ).toEqual(TOOL_EVENTS)
})

test('call tells how to consent where nobody can be asked', async () => {
  const cli = await setup({
    // oxlint-disable-next-line require-yield -- it fails before
    async *call(tool) {
      throw new LumosError('TOOL_CONSENT', { details: { tool } })
    }
  })
  expect(await cli.run(['tools', 'call', 'file_write', '{}'])).toMatchObject({
    code: 4,
    err: expect.stringContaining('--yes')
  })
})

test('allow is for this user, deny for all, unless they say otherwise', async () => {
  const rules: unknown[] = []
  const cli = await setup({
    async rule(request) {
      rules.push(request)
      return TOOL_LIST
    }
  })
  expect(await cli.run(['tools', 'allow', 'http_fetch'])).toMatchObject({
    code: 0,
    out: 'http_fetch: allow for this node, deny for peers\n'
  })
  await cli.run(['tools', 'allow', 'http_*', '--for', 'peers', '--effect', 'network'])
  await cli.run(['tools', 'allow', 'http_fetch', '--tainted'])
  await cli.run(['tools', 'allow', 'http_fetch', '--ask', '--for', 'any'])
  await cli.run(['tools', 'deny', 'shell'])
  expect(rules).toEqual([
    { tool: 'http_fetch', action: 'allow', caller: 'self' },
    { tool: 'http_*', action: 'allow', caller: 'peer', effect: 'network' },
    { tool: 'http_fetch', action: 'allow', caller: 'self', tainted: true },
    { tool: 'http_fetch', action: 'ask' },
    { tool: 'shell', action: 'deny' }
  ])
})

test('enable, disable and reset say what they did', async () => {
  const done: unknown[] = []
  const cli = await setup({
    async setEnabled(tool, enabled) {
      done.push([tool, enabled])
      return TOOL_LIST
    },
    async reset(tool) {
      done.push(tool)
      return TOOL_LIST
    }
  })
  expect((await cli.run(['tools', 'disable', 'shell@1.0.0'])).out).toBe('shell@1.0.0 is disabled\n')
  expect((await cli.run(['tools', 'enable', 'shell'])).out).toBe('shell is enabled\n')
  expect((await cli.run(['tools', 'reset', 'http_*'])).out).toContain('http_*: 1 rule')
  expect(done).toEqual([['shell@1.0.0', false], ['shell', true], 'http_*'])
})

test.for([
  [['call', 'calc', '{'], 'the input is no JSON'],
  [['allow', 'calc', '--for', 'them'], '"them" is nobody'],
  [['deny', 'calc', '--effect', 'fly'], '"fly" is no effect']
] as const)('a mistake is told before anything is asked: %s', async ([argv, reason]) => {
  const cli = await createTestCli()
  expect(await cli.run(['tools', ...argv])).toMatchObject({
    code: 2,
    err: expect.stringContaining(reason)
  })
})
