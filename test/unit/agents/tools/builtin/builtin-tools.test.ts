/** Which built-in tools a node has, what each is said to do, and the small ones among them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createBuiltinTools } from '../../../../../agents/tools/builtin/builtin-tools.ts'
import type { BuiltinToolsInit } from '../../../../../agents/tools/builtin/builtin-tools.ts'
import type { FindAgents } from '../../../../../agents/tools/builtin/delegate-tools.ts'
import type { ToolContext } from '../../../../../agents/tools/tool.ts'
import { systemClock } from '../../../../../core/clock.ts'
import type { Json } from '../../../../../core/json.ts'
import { LIMITS } from '../../../../../core/limits.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../../support/temporary-directory.ts'
import { toolContext } from '../../../../support/tool-context.ts'

const NOTHING: BuiltinToolsInit = {
  http: { methods: ['GET', 'HEAD'] },
  files: { roots: [], writeRoots: [] },
  shell: { programs: [], roots: [], timeMs: 1000, environment: {} },
  memory: false
}

function send(): Promise<never> {
  return Promise.reject(new Error('nothing is sent'))
}

function setup(init: Partial<BuiltinToolsInit> = {}, clock: typeof systemClock = systemClock) {
  const find = vi.fn<FindAgents>(async () => [])
  const builtin = createBuiltinTools({ clock, send, find }, { ...NOTHING, ...init })
  onTestFinished(() => builtin.stop())
  const call = async (
    id: string,
    input: unknown,
    context: Partial<ToolContext> = {}
  ): Promise<Json> => {
    const found = builtin.tools.find((tool) => tool.id === id)
    if (found === undefined) throw new TypeError(id)
    return found.execute(await found.parse(input), toolContext(context))
  }
  return { tools: builtin.tools, call, find }
}

function traits({ tools }: ReturnType<typeof setup>): Record<string, string> {
  return Object.fromEntries(
    tools.map(({ id, effects, egress, untrusted }) => {
      const more = [egress ? 'egress' : '', untrusted ? 'untrusted' : '']
      return [id, [...effects, ...more].filter(Boolean).join(' ')]
    })
  )
}

test('what a node was not given, its tools do not have', () => {
  expect(traits(setup())).toEqual({
    delegate: 'network egress untrusted',
    agents_find: 'untrusted',
    http_fetch: 'network egress untrusted',
    web_page: 'network egress untrusted',
    json_query: '',
    csv_query: '',
    javascript: '',
    calc: '',
    clock: ''
  })
})

test('with folders, programs, memory and other methods there are more, and they say what they do', () => {
  const all = setup({
    http: { methods: ['GET', 'POST'] },
    files: { roots: ['/r'], writeRoots: ['/w'] },
    shell: { programs: ['git'], roots: ['/w'], timeMs: 1000, environment: {} },
    memory: true
  })
  expect(traits(all)).toMatchObject({
    http_fetch: 'network write egress untrusted',
    files_read: 'read-private untrusted',
    files_list: 'read-private untrusted',
    files_write: 'write',
    shell: 'read-private network write execute egress untrusted',
    memory_read: 'read-private untrusted',
    memory_write: 'write egress',
    memory_search: 'read-private untrusted'
  })
  // Nobody can have put anything there but the owner.
  const reading = traits(setup({ files: { roots: ['/r'], writeRoots: [] } }))
  expect(reading).toMatchObject({ files_read: 'read-private' })
  expect(reading).not.toHaveProperty('files_write')
})

test('every one is described as providers of models take it', () => {
  const { tools } = setup({ memory: true })
  for (const { id, description, inputSchema } of tools) {
    expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(description.length).toBeGreaterThan(20)
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(JSON.stringify(inputSchema)).not.toContain('$ref')
  }
})

test('it is calculated, and what cannot be is told in words', async () => {
  const { call } = setup()
  expect(await call('calc', { expression: 'what is 20% of 150?' })).toEqual({ result: '30' })
  for (const expression of ['1 +', ' ', 'x'.repeat(LIMITS.calcInput.value + 1)]) {
    await expect(call('calc', { expression })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  }
})

test('the time is told anywhere, now and then', async () => {
  const clock = new ManualClock()
  const { call } = setup({}, clock)
  const now = {
    times: [{ place: 'Tokyo', zone: 'Asia/Tokyo', time: expect.stringMatching(/\+09:00$/) }]
  }
  expect(await call('clock', { places: ['Tokyo'] })).toEqual(now)
  expect(
    await call('clock', { at: '2026-03-28 12:00', from: 'UTC', places: ['Rome', 'New York'] })
  ).toMatchObject({
    times: [
      { time: '2026-03-28T12:00:00+00:00' },
      { time: '2026-03-28T13:00:00+01:00' },
      { time: '2026-03-28T08:00:00-04:00' }
    ]
  })
  const wrong = [
    { places: ['Tokyyo'] },
    { at: '25:00' },
    { at: '12:00 in Rome' },
    { at: '2026-02-30 12:00' },
    { from: 'Rome' },
    { places: Array.from({ length: LIMITS.clockPlaces.value + 1 }, () => 'Rome') }
  ]
  for (const input of wrong) {
    await expect(call('clock', input)).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  }
})

test('files are listed, read by lines and written, below their folders', async () => {
  const folder = await temporaryDirectory()
  await mkdir(join(folder, 'docs'))
  await writeFile(join(folder, 'docs', 'a.txt'), 'one\ntwo\nthree\n')
  await writeFile(join(folder, 'b.bin'), Buffer.from([0, 255]))
  const { call } = setup({ files: { roots: [folder], writeRoots: [folder] } })
  expect(await call('files_list', {})).toMatchObject({
    entries: [
      { name: 'b.bin', type: 'file', size: 2 },
      { name: 'docs', type: 'folder' }
    ]
  })
  const path = 'docs/a.txt'
  expect(await call('files_read', { path })).toMatchObject({ text: 'one\ntwo\nthree\n', lines: 3 })
  expect(await call('files_read', { path, from: 2, lines: 1 })).toMatchObject({
    text: 'two',
    lines: 3,
    next: 3
  })
  expect(await call('files_read', { path: 'b.bin' })).toMatchObject({ base64: 'AP8=', bytes: 2 })
  expect(await call('files_write', { path: 'new/c.txt', text: 'ä' })).toEqual({
    path: 'new/c.txt',
    bytes: 2,
    created: true
  })
  await call('files_write', { path: 'new/d.bin', base64: 'AP8=' })
  expect(await readFile(join(folder, 'new', 'd.bin'))).toEqual(Buffer.from([0, 255]))
  const flaws = [
    ['files_read', { path: 'nothing' }, 'TOOL_INPUT'],
    ['files_read', { path: '../x' }, 'PATH_DENIED'],
    ['files_list', { path: 'b.bin' }, 'TOOL_INPUT'],
    ['files_write', { path: 'x' }, 'TOOL_INPUT'],
    ['files_write', { path: 'x', text: '', base64: '' }, 'TOOL_INPUT'],
    ['files_write', { path: 'x', base64: '%' }, 'TOOL_INPUT'],
    ['files_write', { path: '../x', text: '' }, 'PATH_DENIED'],
    ['files_write', { path, text: '', replace: false }, 'FILE_EXISTS'],
    ['files_write', { path: 'n'.repeat(300), text: '' }, 'TOOL_FAILED'],
    ['files_write', { path: 'x', text: 'x'.repeat(LIMITS.fileWriteBytes.value + 1) }, 'TOOL_INPUT']
  ] as const
  for (const [id, input, code] of flaws) {
    await expect(call(id, input)).rejects.toMatchObject({ code })
  }
})

test('several are asked alike, and each answer is told with its node', async () => {
  const ask = vi.fn<ToolContext['ask']>(async () => [
    { text: 'yes', metadata: { node: 'birch' } },
    { data: { sure: true }, metadata: { node: 'birch' } },
    { text: 'no', metadata: { node: 'oak' } }
  ])
  const { call } = setup()
  const all = { target: 'chat', message: 'is 91 prime?', peers: 3, take: 'all' }
  expect(await call('delegate', all, { ask })).toEqual({
    answers: [
      { node: 'birch', text: 'yes', data: [{ sure: true }] },
      { node: 'oak', text: 'no' }
    ]
  })
  expect(ask.mock.lastCall?.[2]?.ensemble).toEqual({ peers: 3, take: 'all' })
  await call('delegate', { target: 'chat', message: '?', peers: 2 }, { ask })
  expect(ask.mock.lastCall?.[2]?.ensemble).toEqual({ peers: 2, take: 'first' })
  const best = { target: 'chat', message: '?', peers: 2, take: 'best', judge: 'wise' }
  await call('delegate', best, { ask })
  expect(ask.mock.lastCall?.[2]?.ensemble).toEqual({ peers: 2, take: 'best', judge: 'wise' })
  await call('delegate', { target: 'chat', message: '?' }, { ask })
  expect(ask.mock.lastCall?.[2]).not.toHaveProperty('ensemble')
  const one = { target: 'chat', message: '?', peers: 1 }
  await expect(call('delegate', one, { ask })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
})

test('another agent is asked, and of files in its answer only what they are is told', async () => {
  const ask = vi.fn<ToolContext['ask']>(async (_target, _input, options) => {
    options?.onEvent?.({ type: 'routed', agent: 'first', node: { id: 'p1', name: 'gone' } })
    options?.onEvent?.({ type: 'routed', agent: 'painter' })
    options?.onText?.('here')
    return [
      { text: 'here' },
      { data: { a: 1 } },
      { raw: 'AAAA', filename: 'a.png', mediaType: 'image/png' }
    ]
  })
  const said: string[] = []
  const { call } = setup()
  const input = { target: 'paint', message: 'a cat', data: { size: 2 } }
  expect(await call('delegate', input, { ask, say: (text) => void said.push(text) })).toEqual({
    text: 'here',
    data: [{ a: 1 }],
    files: [{ filename: 'a.png', mediaType: 'image/png', bytes: 3 }],
    agent: 'painter'
  })
  expect(ask).toHaveBeenCalledWith(
    'paint',
    [{ text: 'a cat' }, { data: { size: 2 } }],
    expect.objectContaining({ signal: expect.any(AbortSignal) })
  )
  expect(said).toEqual(['here'])
})
