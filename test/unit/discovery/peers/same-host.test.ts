import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import type { LumosError } from '../../../../core/errors.ts'
import { silentLogger } from '../../../../core/logger.ts'
import type { HintEvents } from '../../../../discovery/peers/hint.ts'
import { systemProcesses } from '../../../../discovery/peers/process-table.ts'
import type { ProcessTable } from '../../../../discovery/peers/process-table.ts'
import { createSameHost, PEERS_FOLDER } from '../../../../discovery/peers/same-host.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const SELF = 'peer-self'
const OTHER = 'peer-other'
const LIVE_PID = 1000
const DEAD_PID = 2000
const HOUR_MS = 3_600_000

/** Process 1000 runs since `noon`, this one since `now`; nothing else does. */
const processes: ProcessTable = {
  isRunning: (pid) => pid === LIVE_PID || pid === process.pid,
  startOf: async (pid) => (pid === LIVE_PID ? 'noon' : 'now')
}

async function setup() {
  const directory = await temporaryDirectory()
  const folder = join(directory, PEERS_FOLDER)
  await mkdir(folder, { mode: 0o700 })
  const onDuplicate = vi.fn<(error: LumosError) => void>()
  const sameHost = createSameHost(
    {
      clock: systemClock,
      logger: silentLogger,
      processes,
      addresses: () => ['/ip4/127.0.0.1/tcp/1'],
      onDuplicate
    },
    { directory, peer: SELF, swarm: 'swarm', name: 'amber-otter', instance: 'mine' }
  )
  onTestFinished(() => sameHost.stop())
  const write = (peer: string, changes: object = {}) =>
    writeFile(
      join(folder, `${peer}.json`),
      JSON.stringify({
        v: 1,
        peer,
        swarm: 'swarm',
        name: 'ruby-finch',
        pid: LIVE_PID,
        started: 'noon',
        instance: 'theirs',
        addresses: ['/ip4/127.0.0.1/tcp/2'],
        ...changes
      })
    )
  return { directory, folder, onDuplicate, sameHost, write }
}

function next(events: EventEmitter<HintEvents>, name: keyof HintEvents) {
  return once(events, name, { signal: AbortSignal.timeout(5000) })
}

test('writes its own file for others of its user only, and takes it away', async () => {
  const { folder, sameHost } = await setup()
  await sameHost.start()
  const path = join(folder, `${SELF}.json`)
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    v: 1,
    peer: SELF,
    swarm: 'swarm',
    name: 'amber-otter',
    pid: process.pid,
    started: 'now',
    instance: 'mine',
    addresses: ['/ip4/127.0.0.1/tcp/1']
  })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  await sameHost.stop()
  expect(await readdir(folder)).toEqual([])
})

test('finds who is there already, and who comes later', async () => {
  const { sameHost, write } = await setup()
  await write('peer-early')
  const early = next(sameHost.events, 'found')
  await sameHost.start()
  expect(await early).toEqual([
    {
      peer: 'peer-early',
      addresses: ['/ip4/127.0.0.1/tcp/2'],
      name: 'ruby-finch',
      foundBy: 'same-host'
    }
  ])
  const late = next(sameHost.events, 'found')
  await write(OTHER)
  expect(await late).toMatchObject([{ peer: OTHER }])
})

test('reports a peer again when it has restarted or moved', async () => {
  const { sameHost, write } = await setup()
  await write(OTHER)
  const first = next(sameHost.events, 'found')
  await sameHost.start()
  await first
  const second = next(sameHost.events, 'found')
  await write(OTHER, { addresses: ['/ip4/127.0.0.1/tcp/3'] })
  expect(await second).toMatchObject([{ addresses: ['/ip4/127.0.0.1/tcp/3'] }])
})

test('tells people of another swarm, and hints at nobody', async () => {
  const { sameHost, write } = await setup()
  const found = vi.fn()
  sameHost.events.on('found', found)
  await write(OTHER, { swarm: 'another' })
  const foreign = next(sameHost.events, 'foreign')
  await sameHost.start()
  expect(await foreign).toMatchObject([{ peer: OTHER, swarm: 'another', name: 'ruby-finch' }])
  expect(found).not.toHaveBeenCalled()
})

test('makes nothing of torn, foreign, huge, planted and dead files', async () => {
  const { folder, sameHost, write } = await setup()
  await writeFile(join(folder, 'peer-torn.json'), '{"v":1,"peer":"pee')
  await writeFile(join(folder, 'peer-huge.json'), ' '.repeat(100_000))
  await writeFile(join(folder, 'notes.txt'), 'hello')
  await symlink('/etc/passwd', join(folder, 'peer-link.json'))
  await mkdir(join(folder, 'peer-folder.json'))
  await write('peer-dead', { pid: DEAD_PID })
  await write('peer-reused-pid', { started: 'yesterday' })
  await write('peer-renamed', { peer: OTHER })
  await write('peer-newer', { v: 2 })
  await write('peer-last')
  const seen: string[] = []
  sameHost.events.on('found', ({ peer }) => seen.push(peer))
  await sameHost.start()
  await expect.poll(() => seen).toEqual(['peer-last'])
})

test('sweeps away what a killed node left, once it is old', async () => {
  const { folder, sameHost, write } = await setup()
  await write('peer-dead', { pid: DEAD_PID })
  await write('peer-just-died', { pid: DEAD_PID })
  const hourAgo = new Date(systemClock.now() - HOUR_MS)
  await utimes(join(folder, 'peer-dead.json'), hourAgo, hourAgo)
  await sameHost.start()
  await expect.poll(() => readdir(folder)).toEqual([`peer-just-died.json`, `${SELF}.json`])
})

test.for([
  ['another living process', { pid: LIVE_PID }, 'DUPLICATE_KEY'],
  ['a dead process', { pid: DEAD_PID }, undefined],
  ['a process whose pid is used again', { started: 'yesterday' }, undefined]
] as const)('its own file, written by %s: %s', async ([, changes, code]) => {
  const { sameHost, write } = await setup()
  await write(SELF, changes)
  const start = sameHost.start().then(
    () => undefined,
    (error: LumosError) => error.code
  )
  expect(await start).toBe(code)
})

test('says so when another process takes over its key, and leaves that one its file', async () => {
  const { folder, onDuplicate, sameHost, write } = await setup()
  await sameHost.start()
  await write(SELF, { name: 'the other' })
  await expect.poll(() => onDuplicate.mock.calls.length).toBeGreaterThan(0)
  expect(onDuplicate.mock.lastCall?.[0]).toMatchObject({ code: 'DUPLICATE_KEY' })
  await sameHost.stop()
  expect(await readdir(folder)).toEqual([`${SELF}.json`])
})

test('tells this very process from another with its pid', async () => {
  expect(systemProcesses.isRunning(process.pid)).toBe(true)
  const start = await systemProcesses.startOf(process.pid)
  expect(await systemProcesses.startOf(process.pid)).toBe(start)
  expect(await systemProcesses.startOf(process.ppid)).not.toBe(start)
})
