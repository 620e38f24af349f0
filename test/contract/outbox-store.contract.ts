/** What the store of a caller's orders must do, on whichever Store it stands. */
import { expect, test } from 'vitest'
import type { TaskState } from '../../core/a2a.ts'
import type { Store } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import type {
  NumberedEvent,
  OutboxEnd,
  OutboxRecord,
  OutboxStore,
  OutboxStoreInit
} from '../../tasks/caller/outbox-store.ts'
import type { Recall } from '../../tasks/caller/recalls.ts'
import { openOutbox } from '../support/delegations.ts'

export interface OutboxStoreContract {
  /** An empty Store, called for each test. */
  readonly create: () => Promise<Store>
}

export function orderOf(taskId: string): OutboxRecord {
  const message = { messageId: taskId, role: 'ROLE_USER' as const, parts: [{ text: 'hi' }] }
  return {
    order: { taskId, target: 'echo', where: 'any', message },
    payloadHash: 'hash',
    createdAt: 1
  }
}

export function endOf(updatedAt: number, state: TaskState = 'TASK_STATE_COMPLETED'): OutboxEnd {
  return { state, updatedAt, tookMs: 1 }
}

function event(number: number, text = `event ${number}`): NumberedEvent {
  const told: DelegationEvent = {
    type: 'status',
    state: 'TASK_STATE_WORKING',
    text,
    atMs: number
  }
  return { number, event: told, position: { attempt: 1, seq: number } }
}

function recallOf(name: string, until: number): Recall {
  const worker = { id: name, name }
  return {
    taskId: 'a',
    placement: { worker, agentId: 'echo', path: 'direct', idempotent: true },
    until
  }
}

async function keysOf(store: Store): Promise<string[]> {
  const entries = await Array.fromAsync(store.iterate(prefixRange('out/')))
  return entries.map(([key]) => key)
}

/** An order that was given and has ended at `at`. */
async function finished(
  outbox: OutboxStore,
  id: string,
  { at, text = '', state }: { at: number; text?: string; state?: TaskState }
): Promise<void> {
  await outbox.add(orderOf(id))
  await outbox.tell(id, [event(0, text)], false)
  await outbox.end(id, endOf(at, state), { last: event(1) })
}

async function idsOf(outbox: OutboxStore): Promise<string[]> {
  return (await outbox.listEnded({ limit: 100 })).map(({ record }) => record.order.taskId)
}

/** Declares the tests; to be called within a `describe`. */
export function outboxStoreContract({ create }: OutboxStoreContract): void {
  async function setup(init?: OutboxStoreInit) {
    const store = await create()
    return { store, outbox: await openOutbox(store, init), reopen: () => openOutbox(store, init) }
  }

  openTests(setup)
  endedTests(setup)
  collectTests(setup)
}

type Setup = (init?: OutboxStoreInit) => Promise<{
  readonly store: Store
  readonly outbox: OutboxStore
  readonly reopen: () => Promise<OutboxStore>
}>

function openTests(setup: Setup): void {
  test('what has not ended is found by the next process, with its events in their order', async () => {
    const { outbox, reopen } = await setup()
    const events = Array.from({ length: 12 }, (_, number) => event(number))
    await outbox.add(orderOf('a'))
    void outbox.tell('a', events.slice(0, 5), false)
    await outbox.tell('a', events.slice(5), false)
    expect(await (await reopen()).open()).toEqual([
      {
        record: orderOf('a'),
        events: events.map(({ event: told, position }) => ({ event: told, position })),
        cancelling: false
      }
    ])
  })

  test('that somebody wants it to stop is found by the next process', async () => {
    const { outbox, reopen } = await setup()
    await outbox.add(orderOf('a'))
    await outbox.cancel('a')
    expect(await (await reopen()).open()).toMatchObject([{ cancelling: true }])
  })

  test('what has ended is not open, even when it ends in the turn in which it begins', async () => {
    const { outbox, reopen } = await setup()
    await finished(outbox, 'a', { at: 5 })
    void outbox.add(orderOf('b'))
    void outbox.tell('b', [event(0)], true)
    await outbox.end('b', endOf(6), { last: event(1) })
    const next = await reopen()
    expect(await next.open()).toEqual([])
    expect(await next.findEnded('b')).toMatchObject({ record: orderOf('b'), end: endOf(6) })
  })
}

function endedTests(setup: Setup): void {
  test('the events of an ended order can be read from any number on', async () => {
    const { outbox, reopen } = await setup()
    await finished(outbox, 'a', { at: 5 })
    const next = await reopen()
    expect(await Array.fromAsync(next.events('a', 0))).toHaveLength(2)
    expect(await Array.fromAsync(next.events('a', 1))).toEqual([event(1).event])
    expect(await next.lastEvent('a')).toEqual(event(1).event)
    expect(await next.lastEvent('b')).toBeUndefined()
  })

  test('keeps with an end whom to tell, each until it is told, and nobody for whom it is too late', async () => {
    const { outbox, reopen } = await setup()
    const recalls = [recallOf('birch', 6), recallOf('alder', 6), recallOf('aspen', 5)] as const
    await outbox.add(orderOf('a'))
    await outbox.cancel('a')
    await outbox.end('a', endOf(5), { recalls })
    const next = await reopen()
    expect(new Set(await next.recalls())).toEqual(new Set(recalls.slice(0, 2)))
    await next.settle(recalls[0])
    await next.remove('a')
    expect(await (await reopen()).recalls()).toEqual([recalls[1]])
  })

  test('lists the youngest end first, page by page, each once', async () => {
    const { outbox } = await setup()
    for (const [id, at] of [
      ['a', 10],
      ['b', 9],
      ['c', 100],
      ['d', 10],
      ['e', 2]
    ] as const) {
      await finished(outbox, id, { at })
    }
    const all = await idsOf(outbox)
    expect(all.map((id) => (id === 'a' || id === 'd' ? 'x' : id))).toEqual([
      'c',
      'x',
      'x',
      'b',
      'e'
    ])
    const paged: string[] = []
    for (let before: { id: string; updatedAt: number } | undefined; ;) {
      const [one] = await outbox.listEnded({ limit: 1, ...(before && { before }) })
      if (one === undefined) break
      const id = one.record.order.taskId
      paged.push(id)
      before = { id, updatedAt: one.end.updatedAt }
    }
    expect(paged).toEqual(all)
  })

  test('lists only those of a state', async () => {
    const { outbox } = await setup()
    await finished(outbox, 'a', { at: 1, state: 'TASK_STATE_FAILED' })
    await finished(outbox, 'b', { at: 2 })
    const failed = await outbox.listEnded({ limit: 10, state: 'TASK_STATE_FAILED' })
    expect(failed.map(({ record }) => record.order.taskId)).toEqual(['a'])
  })
}

function collectTests(setup: Setup): void {
  test('what is removed leaves nothing behind but the count', async () => {
    const { store, outbox } = await setup()
    await finished(outbox, 'a', { at: 5 })
    await outbox.add(orderOf('b'))
    await outbox.cancel('b')
    await outbox.end('b', endOf(6))
    await outbox.remove('a')
    await outbox.remove('b')
    await outbox.remove('never')
    expect(await keysOf(store)).toEqual(['out/total'])
  })

  test('forgets those that ended before the horizon, and no open one', async () => {
    const { store, outbox } = await setup()
    for (const at of [1, 2, 3]) await finished(outbox, `ended-${at}`, { at })
    await outbox.add(orderOf('open'))
    await outbox.collect(3)
    expect(await idsOf(outbox)).toEqual(['ended-3'])
    await outbox.collect(10)
    expect(await outbox.open()).toHaveLength(1)
    expect(await keysOf(store)).toEqual(['out/open/open', 'out/record/open', 'out/total'])
  })

  test.for([{ maxEnded: 2 }, { maxBytes: 2500 }])(
    'forgets the oldest beyond %j, also in the next process',
    async (init) => {
      const { outbox, reopen } = await setup(init)
      const text = 'x'.repeat(700)
      for (const at of [1, 2, 3]) await finished(outbox, `${at}`, { at, text })
      await outbox.collect(0)
      expect(await idsOf(outbox)).toEqual(['3', '2'])
      const next = await reopen()
      await finished(next, '4', { at: 4, text })
      await next.collect(0)
      expect(await idsOf(next)).toEqual(['4', '3'])
      await next.remove('3')
      await finished(next, '5', { at: 5, text })
      await next.collect(0)
      expect(await idsOf(next)).toEqual(['5', '4'])
    }
  )
}
