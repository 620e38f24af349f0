import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { lockProfile } from '../../../../node/daemon/profile-lock.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const HOLDER = join(import.meta.dirname, '../../../support/lock-holder.ts')

async function setup() {
  const state = await temporaryDirectory()
  const paths = { profile: 'default', state, run: join(state, 'run.json') }
  return { state, paths, lock: () => lockProfile({ clock: systemClock }, paths) }
}

/** Another process that tries; `said` is `owner`, or the code and the pid it was told. */
async function contend(state: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [HOLDER, state], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) return { child, said: line }
  throw new Error('the process said nothing')
}

test('of many processes that start at once one gets the profile, and the others its pid', async () => {
  const { state } = await setup()
  const all = await Promise.all(Array.from({ length: 6 }, () => contend(state)))
  const owners = all.filter(({ said }) => said === 'owner')
  expect(owners).toHaveLength(1)
  const others = all.filter(({ said }) => said !== 'owner').map(({ said }) => said)
  expect(new Set(others)).toEqual(new Set([`PROFILE_LOCKED ${owners[0]?.child.pid}`]))
})

test('a killed owner leaves the profile free at once', async () => {
  const { state, lock } = await setup()
  const { child, said } = await contend(state)
  expect(said).toBe('owner')
  await expect(lock()).rejects.toMatchObject({
    code: 'PROFILE_LOCKED',
    details: { profile: 'default', pid: child.pid }
  })
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  const own = await lock()
  own.release()
})

test('a pid that lives again under another name does not hold the profile', async () => {
  const { lock, paths } = await setup()
  const run = { pid: process.ppid, startedAt: '2026-01-01T00:00:00.000Z', socket: '', version: '' }
  await writeFile(paths.run, JSON.stringify(run))
  await writeFile(join(paths.state, 'lock'), '')
  const own = await lock()
  await expect(lock()).rejects.toMatchObject({ code: 'PROFILE_LOCKED' })
  own.release()
})

test('names no pid rather than a wrong one, when the owner never says who it is', async () => {
  const { lock, paths } = await setup()
  const own = await lock()
  const clock = new ManualClock()
  const [, refusal] = await Promise.all([
    clock.advance(5000),
    lockProfile({ clock }, paths).catch((error: unknown) => error)
  ])
  expect(refusal).toMatchObject({ code: 'PROFILE_LOCKED', details: { pid: 'unknown' } })
  own.release()
})

test('a lock that cannot be made is a broken home', async () => {
  const { lock, state } = await setup()
  await mkdir(join(state, 'lock'))
  await expect(lock()).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
})
