/** Shared memory as resources of MCP, with the official SDK's client. */
import { expect, test, vi } from 'vitest'
import type { MemoryEvent } from '../../../../client/memory-api.ts'
import { LumosError } from '../../../../core/errors.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { fakeMemory, fakeSpaces } from '../../../support/memory-operations.ts'
import { createTestDoor } from '../../../support/mcp-door.ts'
import type { Revision } from '../../../support/mcp-door.ts'

const REVISIONS: readonly Revision[] = ['legacy', 'modern']

function facts(space: string, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    key: `${space}/${String(index).padStart(3, '0')}`,
    value: index,
    writer: 'w',
    hlc: 'h'
  }))
}

test('facts of all spaces are resources, page after page', async () => {
  const all: Record<string, ReturnType<typeof facts>> = { a: facts('a', 150), b: facts('b', 70) }
  const memory = {
    ...fakeMemory(),
    list: async (space: string, { after = '', limit }: { after?: string; limit: number }) => {
      const rest = (all[space] ?? []).filter(({ key }) => key > after)
      const page = rest.slice(0, limit)
      const next = rest.length > limit ? (page.at(-1)?.key ?? '') : ''
      return { v: 1 as const, space, facts: page, next }
    }
  }
  const { spaces: known } = await fakeSpaces().list()
  const spaces: ControlOperations['spaces'] = {
    ...fakeSpaces(),
    list: async () => ({
      v: 1,
      forgotten: [],
      spaces: known.slice(0, 1).flatMap((each) => ['b', 'a'].map((name) => ({ ...each, name })))
    })
  }
  const { connect } = createTestDoor({ operations: { memory, spaces } })
  const client = await connect('legacy')
  const { resources } = await client.listResources()
  expect(resources).toHaveLength(220)
  expect(new Set(resources.map(({ uri }) => uri)).size).toBe(220)
  expect(resources.at(-1)?.uri).toBe('lumos-memory://b/b/069')
})

test.for(REVISIONS)(
  'a fact is read by its URI; one that is not there is missing (%s)',
  async (revision) => {
    const get = vi.fn<ControlOperations['memory']['get']>(async (space, key) => {
      if (key !== 'notes/über all')
        throw new LumosError('FACT_UNKNOWN', { details: { key, space } })
      return { v: 1, space, key, value: { a: 1 }, writer: 'w', hlc: 'h' }
    })
    const { connect } = createTestDoor({ operations: { memory: { ...fakeMemory(), get } } })
    const client = await connect(revision)
    const uri = 'lumos-memory://shared/notes/%C3%BCber%20all'
    const { contents } = await client.readResource({ uri })
    expect(contents).toMatchObject([{ uri, mimeType: 'application/json', text: '{\n  "a": 1\n}' }])
    await expect(client.readResource({ uri: 'lumos-memory://shared/x' })).rejects.toThrow(
      /not found/i
    )
    await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow(/not found/i)
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates).toMatchObject([{ uriTemplate: 'lumos-memory://{space}/{+key}' }])
  }
)

test('a fact that is subscribed to is told of when it changes, and no longer when not', async () => {
  const change = Promise.withResolvers<void>()
  const left: AbortSignal[] = []
  async function* watch(
    space: string,
    _: object,
    signal: AbortSignal
  ): AsyncGenerator<MemoryEvent> {
    left.push(signal)
    const fact = { key: 'city', value: 'Rome', writer: 'w', hlc: 'h' }
    yield { v: 1, space, position: '0-1', type: 'put', ...fact }
    yield { v: 1, space, position: '0-2', type: 'ready' }
    await change.promise
    yield { v: 1, space, position: '0-3', type: 'put', ...fact, key: 'cities' }
    yield { v: 1, space, position: '0-4', type: 'delete', key: 'city' }
  }
  const { connect } = createTestDoor({ operations: { memory: { ...fakeMemory(), watch } } })
  const client = await connect('legacy')
  const updated: string[] = []
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    updated.push(params.uri)
  })
  const uri = 'lumos-memory://shared/city'
  await client.subscribeResource({ uri })
  expect(updated).toEqual([])
  change.resolve()
  await expect.poll(() => updated).toEqual([uri])
  await client.unsubscribeResource({ uri })
  expect(left.map(({ aborted }) => aborted)).toEqual([true])
})
