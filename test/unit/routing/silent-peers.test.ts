import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import type { Session, SessionEvents } from '../../../protocols/session/session.ts'
import { createSilentPeers } from '../../../routing/silent-peers.ts'

const signal = new AbortController().signal

async function* open(leaving: AbortSignal) {
  yield 'word'
  await new Promise((_, reject) => {
    if (leaving.aborted) reject(leaving.reason)
    leaving.addEventListener('abort', () => reject(leaving.reason))
  })
}

/** A peer with a session that says whatever the test says. */
function setup() {
  const events = new EventEmitter<SessionEvents>()
  const watchers = new Set<(isSilent: boolean) => void>()
  const session: Pick<Session, 'peer' | 'watchSilence'> = {
    peer: 'alder',
    watchSilence(watcher) {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    }
  }
  let current: typeof session | undefined = session
  const silent = createSilentPeers({ sessions: { events, get: () => current } })
  const over: string[] = []
  silent.events.on('over', (peer) => over.push(peer))
  /** One task at the peer: it says one word and then nothing. */
  function follow(idempotent = true) {
    const placement = {
      worker: { id: 'alder', name: 'alder' },
      agentId: 'echo',
      path: 'direct' as const,
      idempotent
    }
    const heard: string[] = []
    const end = (async () => {
      for await (const word of silent.unlessSilent({ placement, signal }, open)) heard.push(word)
    })().catch((error: unknown) => error)
    /** Resolves when it waits for its next word. */
    async function begun(): Promise<void> {
      while (heard.length === 0) await Promise.resolve()
    }
    return { heard, end, begun }
  }
  function tell(isSilent: boolean): void {
    for (const watcher of watchers) watcher(isSilent)
  }
  /** The session is another's business, or nobody's: the peer has said goodbye on it. */
  function leave(): void {
    current = undefined
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is used of it
    events.emit('closed', session as Session, new LumosError('SESSION_CLOSED'))
  }
  return { silent, watchers, over, follow, tell, leave }
}

test('a task that another worker may do leaves one that stands still, and so do those that come to it then', async () => {
  const { silent, watchers, follow, tell } = setup()
  const task = follow()
  await task.begun()
  tell(true)
  expect(await task.end).toMatchObject({ code: 'PEER_SILENT', retry: true })
  expect(task.heard).toEqual(['word'])
  expect(silent.has('alder')).toBe(true)
  const later = follow()
  expect(await later.end).toMatchObject({ code: 'PEER_SILENT' })
  expect(later.heard).toEqual([])
  // Only for its next word.
  expect(watchers.size).toBe(1)
})

test('one that is heard again is asked again, and nothing is watched that nobody waits for', async () => {
  const { silent, watchers, over, follow, tell } = setup()
  const task = follow()
  await task.begun()
  tell(true)
  await task.end
  tell(false)
  expect([silent.has('alder'), over, watchers.size]).toEqual([false, ['alder'], 0])
})

test('a session that ends is no silence any more', async () => {
  const { silent, over, follow, tell, leave } = setup()
  const task = follow()
  await task.begun()
  tell(true)
  await task.end
  leave()
  expect([silent.has('alder'), over]).toEqual([false, ['alder']])
})

test('a peer that goes silent after its goodbye is not silent in its next session', async () => {
  const { silent, watchers, follow, tell, leave } = setup()
  const task = follow()
  await task.begun()
  leave()
  tell(true)
  expect(await task.end).toMatchObject({ code: 'PEER_SILENT' })
  expect([silent.has('alder'), watchers.size]).toEqual([false, 0])
})

test('what only that worker may do waits for it', async () => {
  const { watchers, follow } = setup()
  await follow(false).begun()
  expect(watchers.size).toBe(0)
})
