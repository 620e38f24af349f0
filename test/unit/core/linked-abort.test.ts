import { expect, test } from 'vitest'
import { linkedAbort } from '../../../core/linked-abort.ts'

test('aborts with the signal that it follows, for the same reason', () => {
  const followed = new AbortController()
  const { signal } = linkedAbort(followed.signal)
  expect(signal.aborted).toBe(false)
  followed.abort('over')
  expect(signal.reason).toBe('over')
  expect(linkedAbort(followed.signal).signal.reason).toBe('over')
})

test('aborts by itself, and leaves the other as it is', () => {
  const followed = new AbortController()
  const { signal, abort } = linkedAbort(followed.signal)
  abort('late')
  expect(signal.reason).toBe('late')
  expect(followed.signal.aborted).toBe(false)
})

test('once released it follows no more', () => {
  const followed = new AbortController()
  const { signal, release } = linkedAbort(followed.signal)
  release()
  followed.abort('over')
  expect(signal.aborted).toBe(false)
})
