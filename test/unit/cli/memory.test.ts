/** `lumos memory`: what people and scripts see of what the nodes know together. */
import { expect, test } from 'vitest'
import type { FactDocument, SearchRequest, SpaceState } from '../../../client/memory-api.ts'
import { systemClock } from '../../../core/clock.ts'
import { LumosError } from '../../../core/errors.ts'
import type { MemoryOperations } from '../../../gateway/control/memory-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeMemory, MEMORY_EVENTS } from '../../support/memory-operations.ts'

const moment = new Date(systemClock.now() - 125_000).toISOString()
const rome: FactDocument = {
  v: 1,
  space: 'shared',
  key: 'city',
  value: 'Rome',
  writer: '12D3KooWAbcdefghijkK3Vx9Qpa',
  hlc: `${moment}-0000`
}

function setup(memory: Partial<MemoryOperations> = {}) {
  return createTestCli({ memory: fakeMemory(memory) })
}

const valueOf = (value: FactDocument['value']): Partial<MemoryOperations> => ({
  get: async () => ({ ...rome, value })
})

test('put writes a text, and says where', async () => {
  const put: unknown[] = []
  const cli = await setup({
    async put(space, request) {
      put.push([space, request])
      return rome
    }
  })
  expect(await cli.run(['memory', 'put', 'city', 'Rome'])).toEqual({
    code: 0,
    out: 'city is written to shared\n',
    err: ''
  })
  await cli.run(['memory', 'put', 'n', '17', '--space', 'team', '--ttl', '10m'])
  await cli.run(['memory', 'put', 'n', '{"a": [1]}', '--as', 'json'])
  await cli.run(['memory', 'put', 'file', '-'], { input: 'a\nb\n' })
  await cli.run(['memory', 'put', 'empty', ''])
  expect(put).toEqual([
    ['shared', { key: 'city', value: 'Rome' }],
    ['team', { key: 'n', value: '17', ttlMs: 600_000 }],
    ['shared', { key: 'n', value: { a: [1] } }],
    ['shared', { key: 'file', value: 'a\nb\n' }],
    ['shared', { key: 'empty', value: '' }]
  ])
})

test('put --json prints what was written', async () => {
  const cli = await setup({ put: async () => rome })
  const { out } = await cli.run(['memory', 'put', 'city', 'Rome', '--json'])
  expect(JSON.parse(out)).toEqual(rome)
})

test.for([
  [['put', 'k', '{', '--as', 'json'], 'the value is no JSON'],
  [['put', 'k', 'v', '--as', 'yaml'], '"yaml" is no form of a value'],
  [['put', 'k', 'v', '--ttl', 'soon'], '"soon" is no duration'],
  [['ls', '-n', '0'], '"0" is no whole number']
] as const)('a mistake is told before anything is asked: %s', async ([argv, reason]) => {
  const cli = await createTestCli()
  expect(await cli.run(['memory', ...argv])).toMatchObject({
    code: 2,
    err: expect.stringContaining(reason)
  })
})

test.for([
  ['Rome', 'Rome\n'],
  ['a\nb\n', 'a\nb\n'],
  [{ a: [1, null] }, '{"a":[1,null]}\n'],
  [17, '17\n']
] as const)('get prints the value and nothing else: %j', async ([value, out]) => {
  const cli = await setup(valueOf(value))
  expect(await cli.run(['memory', 'get', 'city'])).toEqual({ code: 0, out, err: '' })
})

test('a value cannot command a terminal, and reaches a pipe as it is', async () => {
  const cli = await setup(valueOf('\u001b[2Jboo'))
  expect((await cli.run(['memory', 'get', 'k'], { columns: 80 })).out).toBe('�[2Jboo\n')
  expect((await cli.run(['memory', 'get', 'k'])).out).toBe('\u001b[2Jboo\n')
})

test('get --json prints key, value, writer and hybrid time', async () => {
  const cli = await setup({ get: async () => rome })
  const { out } = await cli.run(['memory', 'get', 'city', '--json'])
  expect(JSON.parse(out)).toEqual({
    v: 1,
    space: 'shared',
    key: 'city',
    value: 'Rome',
    writer: rome.writer,
    hlc: rome.hlc
  })
})

test('what is not there is not found', async () => {
  const cli = await setup({
    get: async (space, key) => {
      throw new LumosError('FACT_UNKNOWN', { details: { space, key } })
    }
  })
  expect(await cli.run(['memory', 'get', 'city'])).toMatchObject({
    code: 5,
    out: '',
    err: expect.stringContaining('nothing is known under "city" in the space shared')
  })
})

test('rm says what is deleted', async () => {
  const cli = await setup()
  expect(await cli.run(['memory', 'rm', 'a/b', '--space', 'team'])).toMatchObject({
    code: 0,
    out: 'a/b is deleted from team\n'
  })
})

test('ls shows keys, who wrote them and when, and how to go on', async () => {
  const asked: unknown[] = []
  const cli = await setup({
    async list(space, page) {
      asked.push([space, page])
      return { v: 1, space, facts: [rome, { ...rome, key: 'c2', value: { n: 1 } }], next: 'c2' }
    }
  })
  expect(await cli.run(['memory', 'ls', 'c', '-n', '2', '--after', 'b', '--reverse'])).toEqual({
    code: 0,
    out: `KEY   WRITER                       AGE  VALUE
city  12D3KooWAbcdefghijkK3Vx9Qpa   2m  Rome
c2    12D3KooWAbcdefghijkK3Vx9Qpa   2m  {"n":1}
`,
    err: 'more: --after c2\n'
  })
  expect(asked).toEqual([['shared', { prefix: 'c', after: 'b', limit: 2, reverse: true }]])
})

test('watch tells what is there, where the old ends, and what changes', async () => {
  const cli = await setup()
  expect(await cli.run(['memory', 'watch', 'a/'])).toEqual({
    code: 0,
    out: '+ a/b  {"deep":[{"a":null}]}\n- a/b\n',
    err: `1 key; now what changes, until Ctrl-C
some of it is gone, once more from the beginning:
`
  })
  const { out } = await cli.run(['memory', 'watch', '--json'])
  const events = out.trimEnd().split('\n')
  expect(events.map((line): unknown => JSON.parse(line))).toEqual(MEMORY_EVENTS)
})

test('history tells what is seen from what was lost', async () => {
  const { v: _, space: __, ...current } = rome
  const lost = { ...current, value: 'Oslo', writer: '12D3KooWAbcdefghijkZt81LmqR' }
  const cli = await setup({
    history: async (space, key) => ({ v: 1, space, key, current, lost: [lost] })
  })
  expect((await cli.run(['memory', 'history', 'city'])).out).toBe(
    `STATE    KEY   WRITER                       AGE  VALUE
current  city  12D3KooWAbcdefghijkK3Vx9Qpa   2m  Rome
lost     city  12D3KooWAbcdefghijkZt81LmqR   2m  Oslo
`
  )
})

test('search shows the best facts first, and says when some cannot be found', async () => {
  const { v: _, space: __, ...fact } = rome
  const asked: SearchRequest[] = []
  const cli = await setup({
    async search(space, request) {
      asked.push(request)
      return { v: 1, space, hits: [{ fact, score: 2 }], complete: false }
    }
  })
  const words = ['memory', 'search', 'in', 'rome']
  expect(await cli.run([...words, '--prefix', 'c', '-n', '3'])).toEqual({
    code: 0,
    out: `KEY   WRITER                       AGE  VALUE
city  12D3KooWAbcdefghijkK3Vx9Qpa   2m  Rome
`,
    err: 'the space is larger than its index: more may be there\n'
  })
  expect(asked).toEqual([{ text: 'in rome', prefix: 'c', limit: 3 }])
  const { out } = await cli.run([...words, '--json'])
  expect(JSON.parse(out)).toMatchObject({ hits: [{ fact: { key: 'city' }, score: 2 }] })
})

const state: SpaceState = {
  name: 'shared',
  id: '0f'.repeat(16),
  keys: 1204,
  bytes: 312_000,
  writers: 3,
  root: '5f3a90c2'.repeat(4),
  stale: false,
  peers: []
}

test('status says how much there is, who has the same, and who lacks how much', async () => {
  const bob = { id: '12D3KooWAbcdefghijkK3Vx9Qpa', name: 'bob' }
  const cli = await setup({
    status: async () => ({
      v: 1,
      spaces: [
        {
          ...state,
          peers: [
            { ...bob, inSync: true, behind: 0, ahead: 0 },
            { ...bob, name: 'slate-heron', inSync: false, behind: 1200, ahead: 3 },
            { ...bob, name: '', inSync: false, behind: null, ahead: null },
            { ...bob, name: 'ruby', inSync: false, behind: 0, ahead: 0 }
          ]
        },
        { ...state, name: 'team', keys: 1, stale: true }
      ]
    })
  })
  expect((await cli.run(['memory', 'status'])).out).toBe(
    `● shared   1,204 keys   312 kB   3 writers   root 5f3a90c2
  bob           in sync
  slate-heron   1,200 behind, 3 ahead
  …K3Vx9Qpa     no answer
  ruby          differs; it will be repaired

● team   1 key   312 kB   3 writers   root 5f3a90c2   was alone for too long: takes, and gives only what is new
  no peer that is connected has it
`
  )
  const { out } = await cli.run(['memory', 'status', '--space', 'team', '--json'])
  expect(JSON.parse(out)).toEqual({
    v: 1,
    spaces: [{ ...state, name: 'team', keys: 1, stale: true }]
  })
})

test('names of spaces and keys can be completed', async () => {
  const cli = await setup()
  expect((await cli.run(['__complete', 'spaces'])).out).toBe('team\n')
  expect((await cli.run(['__complete', 'keys'])).out).toBe('a/b\n')
})
