import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, rmdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogFile, olderLog } from '../../../../node/logging/log-file.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function setup(maxBytes?: number) {
  const folder = await temporaryDirectory()
  const path = join(folder, 'log.ndjson')
  const clock = new ManualClock()
  const init = { path, ...(maxBytes !== undefined && { maxBytes }) }
  const log = createLogFile({ clock }, init)
  const read = async (file = path) => readFile(file, 'utf8')
  return { folder, path, log, read, again: () => createLogFile({ clock }, init) }
}

test('writes lines together at the end of the turn, for this user alone', async () => {
  const { log, path, read } = await setup()
  log.write('a\n')
  log.write('b\n')
  // In the same turn: whatever waits here lets the turn end.
  expect(existsSync(path)).toBe(false)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await read()).toBe('a\nb\n')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  log.close()
})

test('goes on where the last run stopped', async () => {
  const { log, read, again } = await setup()
  log.write('a\n')
  log.close()
  const next = again()
  next.write('b\n')
  next.close()
  next.close()
  expect(await read()).toBe('a\nb\n')
})

test('never takes more than two files of the given size', async () => {
  const { log, path, read, folder } = await setup(100)
  for (let number = 0; number < 100; number++) {
    log.write(`${String(number).padStart(9, '0')}\n`)
    log.flush()
  }
  log.close()
  expect((await readdir(folder)).toSorted()).toEqual(['log.1.ndjson', 'log.ndjson'])
  expect((await stat(path)).size).toBeLessThanOrEqual(100)
  const both = (await read(olderLog(path))) + (await read())
  expect(both.trim().split('\n').map(Number)).toEqual(
    Array.from({ length: both.length / 10 }, (_, index) => 100 - both.length / 10 + index)
  )
})

test('loses lines rather than the node, and says how many when it can write again', async () => {
  const { log, path, read, folder } = await setup()
  await mkdir(path)
  for (const line of ['a\n', 'b\n']) {
    log.write(line)
    log.flush()
  }
  await rmdir(path)
  log.write('c\n')
  log.flush()
  const [lost, line] = (await read()).trim().split('\n')
  expect(JSON.parse(lost ?? '')).toMatchObject({
    component: 'log',
    level: 'warn',
    fields: { lines: 2, reason: expect.stringContaining('EISDIR') }
  })
  expect(line).toBe('c')
  await rm(folder, { recursive: true })
  log.write('d\n')
  log.close()
})

test('follows no link that somebody planted', async () => {
  const { log, path, folder, read } = await setup()
  await symlink(join(folder, 'victim'), path)
  log.write('a\n')
  log.flush()
  log.close()
  await expect(read(join(folder, 'victim'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a full disk is no reason to fail', () => {
  // Every write to it fails with ENOSPC.
  const log = createLogFile({ clock: new ManualClock() }, { path: '/dev/full' })
  log.write('a\n')
  log.flush()
  log.write('b\n')
  expect(() => log.close()).not.toThrow()
})
