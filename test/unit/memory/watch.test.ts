/** Watching a space: what is there, then what changes, however slowly one reads. */
import { expect, test } from 'vitest'
import type { MemoryRecord } from '../../../memory/replica/record.ts'
import { watchSpace } from '../../../memory/watch.ts'
import type { MemoryEntry, WatchEvent, WatchQuery } from '../../../memory/shared-memory.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testReplica } from '../../support/memory-replicas.ts'

function entryOf({ key, value, writer, time }: MemoryRecord): MemoryEntry {
  return { key, value, writer, time, author: 'amber' }
}

async function setup({ after = 0 } = {}) {
  const clock = new ManualClock()
  clock.jump(1_790_000_000_000 + after)
  const replica = await testReplica({ name: 'amber', clock })
  const ended = new AbortController()
  const put = (key: string, value: string, expires?: number) =>
    replica.write({ key, value: Buffer.from(value), ...(expires !== undefined && { expires }) })
  function watch(query: WatchQuery = {}) {
    const events = watchSpace({ clock, replica, entryOf }, query, ended.signal)
    async function next(): Promise<WatchEvent> {
      const { value, done } = await events.next()
      if (done === true) throw new TypeError('the watch is over')
      return value
    }
    async function texts(count: number): Promise<string[]> {
      const all: string[] = []
      for (let index = 0; index < count; index += 1) all.push(textOf(await next()))
      return all
    }
    return { events, next, texts }
  }
  return { clock, replica, ended, put, watch }
}

function textOf(event: WatchEvent): string {
  if (event.type === 'put') return `${event.entry.key}=${Buffer.from(event.entry.value).toString()}`
  return event.type === 'delete' ? `${event.key} gone` : event.type
}

test('first what is there, then a mark, then what changes', async () => {
  const { replica, put, watch } = await setup()
  await put('b', '2')
  await put('a', '1')
  const { texts } = watch()
  expect(await texts(3)).toEqual(['a=1', 'b=2', 'ready'])
  await put('c', '3')
  await replica.write({ key: 'a', value: undefined })
  expect(await texts(2)).toEqual(['c=3', 'a gone'])
})

test('only keys with the prefix', async () => {
  const { put, watch } = await setup()
  await put('a/1', 'x')
  await put('b/1', 'x')
  const { texts } = watch({ prefix: 'b/' })
  expect(await texts(2)).toEqual(['b/1=x', 'ready'])
  await put('a/2', 'x')
  await put('b/2', 'x')
  expect(await texts(1)).toEqual(['b/2=x'])
})

test('a slow watcher misses what was overwritten meanwhile, and never the last', async () => {
  const { put, watch } = await setup()
  const { texts } = watch()
  await texts(1)
  for (let index = 0; index < 1000; index += 1) await put('a', String(index))
  await put('b', 'end')
  expect(await texts(2)).toEqual(['a=999', 'b=end'])
})

test('goes on where an earlier watch stood', async () => {
  const { put, watch } = await setup()
  await put('a', '1')
  const first = watch()
  await first.next()
  const { position } = await first.next()
  await put('b', '2')
  const { texts } = watch({ after: position })
  expect(await texts(1)).toEqual(['b=2'])
})

test('begins anew when records vanished that had not had their time', async () => {
  const { replica, put, watch } = await setup()
  const { writer, sequence, id } = await put('a', '1')
  await put('b', '2')
  const { texts } = watch()
  await texts(3)
  await replica.drop(writer, [{ sequence, id }])
  expect(await texts(3)).toEqual(['reset', 'b=2', 'ready'])
})

test('begins anew where the position is of changes that this disk never had', async () => {
  const before = await setup()
  await before.put('a', '1')
  await before.put('b', '2')
  const first = before.watch()
  await first.next()
  const { position } = await first.next()
  const { put, watch } = await setup()
  await put('c', '3')
  const { texts } = watch({ after: position })
  expect(await texts(3)).toEqual(['reset', 'c=3', 'ready'])
  await put('d', '4')
  expect(await texts(1)).toEqual(['d=4'])
})

test('begins anew on a disk that was empty since, however much has changed there', async () => {
  const before = await setup()
  await before.put('a', '1')
  const first = before.watch()
  await first.next()
  const { position } = await first.next()
  const { put, watch } = await setup({ after: 1000 })
  await put('b', '2')
  await put('c', '3')
  const { texts } = watch({ after: position })
  expect(await texts(4)).toEqual(['reset', 'b=2', 'c=3', 'ready'])
})

test('what had expired when it was told of is gone', async () => {
  const { clock, put, watch } = await setup()
  const { texts } = watch()
  await texts(1)
  await put('a', '1', clock.now() + 10)
  clock.jump(20)
  expect(await texts(1)).toEqual(['a gone'])
})

test('ends without an error when its signal aborts, and leaves no listener', async () => {
  const { replica, ended, watch } = await setup()
  const { events } = watch()
  await events.next()
  const waiting = events.next()
  ended.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(replica.events.listenerCount('changed')).toBe(0)
})
