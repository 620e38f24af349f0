import { expect, test } from 'vitest'
import { createAuditOperations } from '../../../../node/operations/audit.ts'
import type { AuditEntry, AuditEvent } from '../../../../trust/audit-log.ts'

const BIRCH = '12D3KooWBirchBirch'
const GONE = '12D3KooWGoneGone'
const SHOWN = { denied: false, follow: false }
const NEVER = new AbortController().signal

function setup(entries: readonly AuditEntry[] = [], later: readonly AuditEntry[] = []) {
  const noted: AuditEvent[] = []
  const operations = createAuditOperations({
    audit: {
      note: (event) => void noted.push(event),
      async *read({ allowed } = {}) {
        yield* entries.filter((entry) => allowed === undefined || entry.allowed === allowed)
      },
      async *follow({ after }, signal) {
        if (!signal.aborted) yield* later.filter(({ number }) => number > after)
      },
      verify: async () => ({ entries: 0, first: 0, head: '' })
    },
    nameOf: (peer) => (peer === BIRCH ? 'birch' : ''),
    named: (name) => (name === 'birch' ? [BIRCH] : [])
  })
  const numbers = async (peer: string, limit = 100) => {
    const lines = await Array.fromAsync(operations.lines({ ...SHOWN, peer, limit }, NEVER))
    return lines.map(({ number }) => number)
  }
  return { operations, noted, numbers }
}

const entries: readonly AuditEntry[] = [
  { number: 1, at: 0, who: 'local', did: 'run', what: 'echo', allowed: true },
  { number: 2, at: 5, who: BIRCH, did: 'task.send', allowed: true, times: 2, lastAt: 9 },
  { number: 3, at: 6, who: GONE, did: 'task.send', allowed: false, reason: 'no-member' },
  { number: 4, at: 7, who: BIRCH, did: 'task.send', allowed: false, reason: 'rate' }
]

test('what the user of the machine did stands there as done by nobody else', () => {
  const { operations, noted } = setup()
  operations.note({ did: 'stop', allowed: true })
  expect(noted).toEqual([{ who: 'local', did: 'stop', allowed: true }])
})

test('peers are found by name, by PeerId and by its end, also when they are long gone', async () => {
  const { numbers } = setup(entries)
  expect(await numbers('birch')).toEqual([2, 4])
  expect(await numbers(BIRCH)).toEqual([2, 4])
  expect(await numbers('oneGone')).toEqual([3])
  expect(await numbers('local')).toEqual([1])
  expect(await numbers('one')).toEqual([])
})

test('of more lines than were asked for the newest come, with names and times', async () => {
  const { operations, numbers } = setup(entries)
  expect(await numbers('birch', 1)).toEqual([4])
  expect(await Array.fromAsync(operations.lines({ ...SHOWN, limit: 3 }, NEVER))).toMatchObject([
    {
      number: 2,
      name: 'birch',
      at: '1970-01-01T00:00:00.005Z',
      lastAt: '1970-01-01T00:00:00.009Z'
    },
    { number: 3, who: GONE },
    { number: 4 }
  ])
  const [denied] = await Array.fromAsync(
    operations.lines({ ...SHOWN, denied: true, limit: 3 }, NEVER)
  )
  expect(denied).toMatchObject({ number: 3, reason: 'no-member' })
})

test('who follows gets the newest lines, and then those behind them that fit', async () => {
  const later = entries.map((entry) => ({ ...entry, number: entry.number + 4 }))
  const { operations } = setup(entries, [...entries, ...later])
  const filter = { denied: false, follow: true, limit: 1, peer: 'birch' }
  const lines = await Array.fromAsync(operations.lines(filter, NEVER))
  expect(lines.map(({ number }) => number)).toEqual([4, 6, 8])
})
