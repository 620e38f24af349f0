import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createAuditLog } from '../../../trust/audit-log.ts'
import type { AuditEvent, AuditLog } from '../../../trust/audit-log.ts'
import { silentLogger } from '../../../core/logger.ts'
import { ManualClock } from '../../support/manual-clock.ts'

let directory: string
let clock: ManualClock
let audit: AuditLog

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lumos-audit-'))
  clock = new ManualClock()
  audit = createAuditLog({ clock, logger: silentLogger }, { directory })
  await audit.start()
})

afterEach(async () => {
  await audit.stop()
  await rm(directory, { recursive: true })
})

const asked: AuditEvent = { who: '12D3KooWBob', did: 'task.send', what: 'echo', allowed: true }
const refused: AuditEvent = { ...asked, who: '12D3KooWEve', allowed: false, reason: 'no-member' }

test('it tells who did what, and who was refused', async () => {
  audit.note(asked)
  await clock.advance(5)
  audit.note(refused)
  expect(await Array.fromAsync(audit.read())).toEqual([
    { number: 1, at: 0, ...asked },
    { number: 2, at: 5, ...refused }
  ])
  expect(await Array.fromAsync(audit.read({ allowed: false }))).toHaveLength(1)
  expect(await Array.fromAsync(audit.read({ who: 'KooWBob' }))).toHaveLength(1)
  expect(await Array.fromAsync(audit.read({ since: 1 }))).toHaveLength(1)
})

test('a thousand times the same are two lines', async () => {
  for (let at = 0; at < 1000; at++) audit.note(refused)
  expect(await Array.fromAsync(audit.read())).toEqual([
    { number: 1, at: 0, ...refused },
    { number: 2, at: 0, ...refused, times: 999, lastAt: 0 }
  ])
})

test('what comes back after a while is told at once', async () => {
  audit.note(asked)
  await clock.advance(LIMITS.auditWindow.value + 1)
  audit.note(asked)
  const entries = await Array.fromAsync(audit.read())
  expect(entries.map(({ at, times }) => ({ at, times }))).toEqual([
    { at: 0, times: undefined },
    { at: LIMITS.auditWindow.value + 1, times: undefined }
  ])
})

test('an attacker with many names is bounded in memory, and none is lost', async () => {
  const names = LIMITS.auditKinds.value + 10
  for (let at = 0; at < names; at++) audit.note({ ...refused, who: `12D3KooW${at}` })
  expect(await Array.fromAsync(audit.read())).toHaveLength(names)
})

test('all of it outlives the process, and the chain holds', async () => {
  audit.note(asked)
  audit.note(asked)
  await audit.stop()
  await audit.start()
  audit.note(refused)
  expect(await Array.fromAsync(audit.read())).toHaveLength(3)
  expect((await audit.verify()).broken).toBeUndefined()
})

test('who follows hears of each line once, in order, also of those that came while it read', async () => {
  audit.note(asked)
  await audit.settled()
  const stopping = new AbortController()
  const heard: number[] = []
  const following = (async () => {
    for await (const { number } of audit.follow({ after: 1, allowed: false }, stopping.signal)) {
      heard.push(number)
      // Noted while this one is looked at.
      if (number < 6) audit.note({ ...refused, what: `agent-${number}` })
    }
  })()
  audit.note(asked)
  audit.note({ ...asked, what: 'files' })
  audit.note(refused)
  await expect.poll(() => heard).toEqual([4, 5, 6])
  stopping.abort()
  await following
})

test('who follows does not make counted lines come sooner', async () => {
  const stopping = new AbortController()
  const heard: (number | undefined)[] = []
  const following = (async () => {
    for await (const { times } of audit.follow({ after: 0 }, stopping.signal)) heard.push(times)
  })()
  audit.note(refused)
  await expect.poll(() => heard).toEqual([undefined])
  for (let times = 0; times < 10; times += 1) audit.note(refused)
  await clock.advance(LIMITS.auditWindow.value)
  await expect.poll(() => heard).toEqual([undefined, 10])
  stopping.abort()
  await following
})
