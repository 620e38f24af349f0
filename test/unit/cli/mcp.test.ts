/** `lumos mcp` as people type it. */
import { resolve } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { McpOperations } from '../../../gateway/control/mcp-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeMcp, MCP_DOCUMENT } from '../../support/mcp-operations.ts'

async function setup(overrides: Partial<McpOperations> = {}) {
  const add = vi.fn<McpOperations['add']>(async () => MCP_DOCUMENT)
  const cli = await createTestCli({ mcp: fakeMcp({ add, ...overrides }) })
  return { cli, add }
}

test('lists servers, with what is wrong', async () => {
  const { cli } = await setup()
  const { out, code } = await cli.run(['mcp'])
  expect(code).toBe(0)
  expect(out.split('\n')[0]).toMatch(/NAME +STATE +TOOLS +RESTARTS +TARGET/)
  expect(out).toMatch(/files +waiting +1 \(1 changed\) +2 +it ended with code 1/)
})

test.for([
  [
    ['--', 'npx', '-y', 'server', '--port', '1'],
    { command: 'npx', args: ['-y', 'server', '--port', '1'], cwd: resolve('.') }
  ],
  [
    ['--env', 'A=env:KEY', '--env', 'B=file:secret', '--cwd', '/tmp', '--', 'server'],
    {
      command: 'server',
      args: [],
      cwd: '/tmp',
      env: { A: 'env:KEY', B: `file:${resolve('secret')}` }
    }
  ],
  [
    ['--agent', '--effects', 'network,write', '--call-timeout', '30s', '--', 'server'],
    {
      command: 'server',
      args: [],
      cwd: resolve('.'),
      agent: true,
      effects: ['network', 'write'],
      callTimeoutMs: 30_000
    }
  ],
  [
    ['--url', 'https://x.org/mcp', '--header-file', 'h.txt', '--effects', 'none'],
    { url: 'https://x.org/mcp', headerFile: resolve('h.txt'), effects: [] }
  ]
] as const)('adds %j', async ([words, server]) => {
  const { cli, add } = await setup()
  const { code, out } = await cli.run(['mcp', 'add', 'files', ...words])
  expect(code).toBe(0)
  expect(add.mock.lastCall?.[0]).toEqual({ name: 'files', server })
  expect(out).toMatch(/files_read .*reads/)
})

test.for([
  [['files']],
  [['files', '--url', 'https://x.org', '--', 'server']],
  [['files', '--env', 'novalue', '--', 'server']],
  [['files', '--effects', 'magic', '--', 'server']]
])('%j is not understood', async ([words = []]) => {
  const { cli, add } = await setup()
  expect(await cli.run(['mcp', 'add', ...words])).toMatchObject({ code: 2 })
  expect(add).not.toHaveBeenCalled()
})

test('shows what a server offers, and what to do about what has changed', async () => {
  const { cli } = await setup()
  const { out } = await cli.run(['mcp', 'show', 'files'])
  expect(out).toContain('files 1.0.0 (MCP 2025-11-25)')
  expect(out).toMatch(/resource +file:\/\/\/a/)
  expect(out).toMatch(/prompt +greet city=…/)
  expect(out).toContain('lumos mcp approve files')
  expect(out).toMatch(/more +lumos logs --component mcp:files/)
})

test('of tools it shows what they can do and their first sentence, in columns', async () => {
  const { server: known } = MCP_DOCUMENT
  const [read] = known.offers.tools
  const tools = [
    { description: 'Reads a file. Then pages\nfor models.', id: 'files_read' },
    { description: 'Writes', id: 'files_write_all', effects: ['write'] as const }
  ].flatMap((tool) => (read === undefined ? [] : [{ ...read, ...tool }]))
  const { cli } = await setup({
    server: async () => ({ v: 1, server: { ...known, offers: { ...known.offers, tools } } })
  })
  const { out } = await cli.run(['mcp', 'show', 'files'])
  expect(out.split('\n').filter((line) => line.includes('tool '))).toEqual([
    '  tool      files_read       read-private  Reads a file.',
    '  tool      files_write_all  write         Writes'
  ])
})

test('reads a resource, and fills in a prompt', async () => {
  const prompt = vi.fn<McpOperations['prompt']>((...given) => fakeMcp().prompt(...given))
  const { cli } = await setup({ prompt })
  expect((await cli.run(['mcp', 'read', 'files', 'file:///a'])).out).toContain('"text"')
  const { out } = await cli.run(['mcp', 'prompt', 'files', 'greet', 'city=Rome=now'])
  expect(out).toBe('user:\nhello\n')
  expect(prompt.mock.lastCall?.[1]).toEqual({ prompt: 'greet', values: { city: 'Rome=now' } })
})

test('where MCP is served over HTTP stands on stdout, how one comes in beside it', async () => {
  const { cli } = await setup()
  const { out, err } = await cli.run(['mcp', 'serve', '--http'])
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp\n$/)
  expect(err).toContain('lumos auth token create')
  const { out: json } = await cli.run(['--json', 'mcp', 'serve', '--http'])
  expect(JSON.parse(json)).toEqual({ v: 1, url: out.trim() })
})

test.for([
  ['approve', '1 tool of files can be used\n'],
  ['rm', 'files is removed\n'],
  ['restart', expect.stringContaining('files   waiting')]
] as const)('%s says what it did', async ([verb, said]) => {
  const { cli } = await setup()
  expect(await cli.run(['mcp', verb, 'files'])).toMatchObject({ code: 0, out: said })
})
