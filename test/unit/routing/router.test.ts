import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { LumosError } from '../../../core/errors.ts'
import { say } from '../../support/tasks.ts'
import { ACCEPT, provider, refuse, SELF, setupRouting, TASK } from '../../support/routing.ts'

test('tells whom it chose, then what the worker says', async () => {
  const { dispatch } = setupRouting({ providers: [provider('a')], answers: { a: ACCEPT } })
  const { events, error } = await dispatch()
  expect(error).toBeUndefined()
  expect(events).toMatchObject([
    {
      type: 'routed',
      candidates: 1,
      placement: { worker: { id: 'a', name: 'name-of-a' }, agentId: 'echo', path: 'direct' }
    },
    { type: 'update', update: { task: { id: TASK } } }
  ])
})

test('prefers an agent of this node, unless it has to be another', async () => {
  const providers = [provider('a'), provider(SELF)]
  const { dispatch, asked } = setupRouting({ providers, answers: { a: ACCEPT, [SELF]: ACCEPT } })
  await dispatch()
  await dispatch({ where: 'remote' })
  expect(asked).toEqual([SELF, 'a'])
})

test('asks only the node that was named', async () => {
  const providers = [provider('a'), provider('b'), provider(SELF)]
  const answers = { a: ACCEPT, b: ACCEPT, [SELF]: ACCEPT }
  const { dispatch, asked } = setupRouting({ providers, answers })
  await dispatch({ to: 'name-of-b' })
  await dispatch({ target: '@echo@name-of-b' })
  expect(asked).toEqual(['b', 'b'])
})

describe('without anybody to ask', () => {
  test('a capability has no route', async () => {
    const { error } = await setupRouting({ providers: [] }).dispatch({ target: 'fly' })
    expect(error).toMatchObject({ code: 'NO_ROUTE', details: { capability: 'fly' } })
  })

  test('an agent that was named is unknown', async () => {
    const { error } = await setupRouting({ providers: [] }).dispatch({ target: '@pilot' })
    expect(error).toMatchObject({ code: 'AGENT_UNKNOWN', details: { agent: 'pilot' } })
  })

  test('a node that was named is unknown', async () => {
    const { dispatch } = setupRouting({ providers: [provider('a')] })
    expect((await dispatch({ to: 'nowhere' })).error).toMatchObject({ code: 'PEER_UNKNOWN' })
  })
})

describe('when a peer does not take the task', () => {
  test('another is asked, and the reader hears why', async () => {
    const { dispatch, asked } = setupRouting({
      providers: [provider('a', { load: 0 }), provider('b', { load: 0.9 })],
      answers: { a: refuse('OVERLOADED', { retryAfterMs: 50 }), b: ACCEPT }
    })
    const { events, error } = await dispatch()
    expect([asked, error]).toEqual([['a', 'b'], undefined])
    expect(events.map(({ type }) => type)).toEqual(['routed', 'retry', 'routed', 'update'])
  })

  test('the only one is asked again after the time it named', async () => {
    const { dispatch, asked, clock } = setupRouting({
      providers: [provider('a')],
      answers: { a: (n) => (n === 0 ? overloaded(5000) : ACCEPT(n)) }
    })
    const { error } = await dispatch()
    expect([asked, error]).toEqual([['a', 'a'], undefined])
    expect(clock.monotonic()).toBeGreaterThanOrEqual(5000)
  })

  test('one that wants to be left in peace for days is asked again after half a minute', async () => {
    const { dispatch, asked, clock } = setupRouting({
      providers: [provider('a')],
      answers: { a: (n) => (n === 0 ? overloaded(2e9) : ACCEPT(n)) }
    })
    const { error } = await dispatch()
    expect([asked, error]).toEqual([['a', 'a'], undefined])
    expect(clock.monotonic()).toBeLessThan(31_000)
  })

  test('nobody is asked again when there is no time left for it', async () => {
    const { dispatch, asked } = setupRouting({
      providers: [provider('a')],
      answers: { a: () => overloaded(5000) }
    })
    const { error } = await dispatch({}, 1000)
    expect(asked).toEqual(['a'])
    expect(error).toMatchObject({ code: 'DELEGATION_FAILED', details: { last: 'OVERLOADED' } })
  })

  test('nobody else is asked when the request itself is at fault', async () => {
    const { dispatch, asked } = setupRouting({
      providers: [provider('a'), provider('b')],
      answers: { a: refuse('TASK_CONFLICT'), b: refuse('TASK_CONFLICT') }
    })
    expect((await dispatch()).error).toMatchObject({ code: 'TASK_CONFLICT' })
    expect(asked).toHaveLength(1)
  })

  test('three peers are asked at most, and the failure names them', async () => {
    const peers = ['a', 'b', 'c', 'd']
    const { dispatch, asked } = setupRouting({ providers: peers.map((peer) => provider(peer)) })
    const { error } = await dispatch()
    expect(new Set(asked).size).toBe(3)
    expect(error).toMatchObject({ code: 'DELEGATION_FAILED', details: { attempts: 3, tried: 3 } })
  })
})

const ROLE = { operation: 'task.send', reason: 'role' }

describe('when this node may not have it done', () => {
  test('when all who have it may not be asked by this node, it is said who and why', async () => {
    const { dispatch, asked } = setupRouting({
      providers: [provider('a'), provider('b', { load: 1 })],
      answers: { a: refuse('FORBIDDEN', ROLE), b: refuse('FORBIDDEN', ROLE) }
    })
    const { error } = await dispatch()
    expect(new Set(asked)).toEqual(new Set(['a', 'b']))
    expect(error).toMatchObject({
      code: 'DELEGATION_FORBIDDEN',
      details: {
        peers: expect.stringMatching(/^name-of-[ab], name-of-[ab]$/),
        reason: 'the role of this node does not allow it'
      }
    })
  })

  test('one that has no room is no refusal for ever', async () => {
    const { dispatch } = setupRouting({
      providers: [provider('a'), provider('b', { load: 1 })],
      answers: { a: refuse('FORBIDDEN'), b: () => overloaded(5000) }
    })
    expect((await dispatch({}, 1000)).error).toMatchObject({ code: 'DELEGATION_FAILED' })
  })
})

describe('when nobody knows whether a peer took the task', () => {
  test('the same peer is asked again, because another could do it twice', async () => {
    const { dispatch, asked } = setupRouting({
      providers: [provider('a'), provider('b', { load: 1 })],
      answers: { a: lost, b: ACCEPT }
    })
    expect((await dispatch()).error).toBeUndefined()
    expect(asked).toEqual(['a', 'a'])
  })

  test('another may be asked when doing it twice does no harm', async () => {
    const harmless = { idempotent: true }
    const { dispatch, asked } = setupRouting({
      providers: [provider('a', harmless), provider('b', { ...harmless, load: 1 })],
      answers: { a: lost, b: ACCEPT }
    })
    const { events, error } = await dispatch()
    expect(error).toBeUndefined()
    expect(asked).toEqual(['a', 'b'])
    expect(events[1]).toMatchObject({ type: 'retry', maybeTaken: true })
  })

  test.for([
    ['PEER_UNREACHABLE', true],
    ['SHUTTING_DOWN', true],
    ['TASK_SUSPENDED', true],
    ['OVERLOADED', false]
  ] as const)('one that then answers %s may have it: %s', async ([code, maybeTaken]) => {
    const { dispatch } = setupRouting({
      providers: [provider('a', { idempotent: true })],
      answers: { a: (n) => new LumosError(n === 0 ? 'SESSION_CLOSED' : code) }
    })
    const { events, error } = await dispatch()
    const retries = events.filter((event) => event.type === 'retry')
    expect(retries.map((event) => event.maybeTaken)).toEqual([true, maybeTaken])
    expect(error).toMatchObject({
      code: 'DELEGATION_FAILED',
      details: { maybeExecuted: maybeTaken }
    })
  })

  test('one that was in doubt before and cannot be reached may have it', async () => {
    const { router, clock } = setupRouting({ providers: [provider('a', { idempotent: true })] })
    const worker = { id: 'a', name: 'name-of-a' }
    const placement = { worker, agentId: 'echo', path: 'direct', idempotent: true } as const
    const { signal } = new AbortController()
    const options = { signal, remainingMs: () => 0, inDoubt: [placement] }
    const order = { taskId: TASK, target: 'echo', where: 'any', message: say('hi') } as const
    const dispatched = Array.fromAsync(router.dispatch(order, options))
    const details = { last: 'PEER_UNREACHABLE', maybeExecuted: true }
    await expect(dispatched).rejects.toMatchObject({ details })
    expect(clock.pending).toBe(0)
  })

  test('the failure names the only peer that may be asked again', async () => {
    const { dispatch } = setupRouting({
      providers: [provider('a'), provider('b', { load: 1 })],
      answers: { a: (n) => new LumosError(n === 0 ? 'STREAM_IDLE' : 'PEER_UNREACHABLE') }
    })
    const { error } = await dispatch()
    expect(error).toMatchObject({ details: { maybeExecuted: true, onlyPeer: 'name-of-a' } })
  })
})

test('who never answers is in doubt: harmless work goes elsewhere, harmful work to the same', async () => {
  const answers = { a: (n: number) => (n === 0 ? ('silence' as const) : ACCEPT(n)), b: ACCEPT }
  for (const [idempotent, expected] of [
    [true, ['a', 'b']],
    [false, ['a', 'a']]
  ] as const) {
    const { dispatch, asked, clock } = setupRouting({
      providers: [provider('a', { idempotent }), provider('b', { idempotent, load: 1 })],
      answers
    })
    const { events, error } = await dispatch()
    expect([asked, error]).toEqual([expected, undefined])
    expect(events.find(({ type }) => type === 'retry')).toMatchObject({
      error: { code: 'TIMED_OUT' }
    })
    // One that can be left for another is not waited for so long.
    const least = idempotent ? 600 : LIMITS.acceptance.value
    expect(clock.monotonic()).toBeGreaterThanOrEqual(least)
    if (idempotent) expect(clock.monotonic()).toBeLessThan(5000)
  }
})

test('a peer that could not be reached is dialled once for all who ask within a moment', async () => {
  const { dispatch, asked, clock } = setupRouting({ providers: [provider('away')] })
  const errors = await Promise.all([dispatch(), dispatch(), dispatch()])
  expect(errors.map(({ error }) => error)).toMatchObject(
    errors.map(() => ({ code: 'DELEGATION_FAILED', details: { last: 'PEER_UNREACHABLE' } }))
  )
  // Nine tries, three for each order, some of them within 100 ms of another.
  expect(asked.length).toBeLessThan(9)
  expect(clock.monotonic()).toBeGreaterThan(100)
})

test('resuming and cancelling go to the peer that has the task', async () => {
  const { router, calls } = setupRouting({
    providers: [provider('a'), provider('b')],
    answers: { a: ACCEPT, b: ACCEPT }
  })
  const placement = {
    worker: { id: 'b', name: 'name-of-b' },
    agentId: 'echo',
    path: 'direct',
    idempotent: false
  } as const
  const options = { signal: new AbortController().signal, remainingMs: () => Infinity }
  const order = { taskId: TASK, target: 'echo', where: 'any' as const, message: say('hi') }
  const after = { attempt: 1, seq: 3 }
  await Array.fromAsync(router.resume({ placement, order, after }, options))
  await router.cancel(placement, TASK, AbortSignal.timeout(5000))
  expect(calls).toEqual([
    { peer: 'b', method: 'a2a.SubscribeToTask', body: { tenant: 'echo', id: TASK } },
    { peer: 'b', method: 'a2a.CancelTask', body: { tenant: 'echo', id: TASK } }
  ])
})

function overloaded(retryAfterMs: number): LumosError {
  return new LumosError('OVERLOADED', { details: { retryAfterMs } })
}

/** Vanishes at the first task, takes the next. */
function lost(n: number) {
  return n === 0 ? new LumosError('SESSION_CLOSED') : ACCEPT(n)
}
