/** Starting a daemon: whatever it does, the answer is clear and no process stays behind. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDaemon } from '../../../cli/daemon-process.ts'
import { isRunning } from '../../../core/process.ts'
import { resolvePaths } from '../../../core/paths.ts'
import { Secret } from '../../../core/secret.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const READY = { v: 1, peerId: 'p', name: 'n', addresses: ['/ip4/1'], socket: '/s', pid: 7 }

/** A program in the daemon's place, which first leaves its pid. */
async function setup(program: string) {
  const home = await temporaryDirectory()
  const bin = join(home, 'program.cjs')
  const say = `const say = (line) => fs.writeSync(3, JSON.stringify(line) + '\\n')`
  const leave = `fs.writeFileSync(${JSON.stringify(join(home, 'pid'))}, String(process.pid))`
  await writeFile(bin, `const fs = require('fs'); ${leave}; ${say}; ${program}`)
  const pid = async (): Promise<number> => Number(await readFile(join(home, 'pid'), 'utf8'))
  const env = { LUMOS_HOME: home }
  const stop = new AbortController()
  const paths = resolvePaths(env)
  const init = { bin, env, paths, flags: ['--name', 'n'], signal: stop.signal }
  return {
    stop,
    paths,
    start: (timeoutMs = 20_000) => startDaemon({ ...init, timeoutMs }),
    startWith: (passphrase: Secret<string>) =>
      startDaemon({ ...init, passphrase, timeoutMs: 20_000 }),
    pid,
    gone: async () => {
      await expect.poll(async () => isRunning(await pid())).toBe(false)
    },
    kill: async () => process.kill(await pid())
  }
}

test('resolves with the ready line, and lets the process run', async () => {
  const { start, kill, gone } = await setup(
    `say({ ready: true, ...${JSON.stringify(READY)} }); process.stdin.resume(); setInterval(() => {}, 1000)`
  )
  expect(await start()).toEqual(READY)
  await kill()
  await gone()
})

test('hands over the flags and sends stderr to the log', async () => {
  const { start, paths } = await setup(
    `console.error(process.argv.slice(2).join(' ')); say({ ready: true, ...${JSON.stringify(READY)} })`
  )
  await start()
  await expect.poll(() => readFile(paths.log, 'utf8')).toBe('daemon --ready-fd 3 --name n\n')
})

test('fails with the very error of the daemon', async () => {
  const error = { code: 'PORT_IN_USE', message: '', details: { address: '/ip4/1' } }
  const { start, gone } = await setup(`say({ ready: false, error: ${JSON.stringify(error)} })`)
  await expect(start()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    details: { address: '/ip4/1' }
  })
  await gone()
})

test('a process that dies without a word is quoted from its stderr', async () => {
  const { start, gone } = await setup(`console.error('at x'); throw new TypeError('no such thing')`)
  await expect(start()).rejects.toMatchObject({
    code: 'START_FAILED',
    details: { reason: 'TypeError: no such thing' }
  })
  await gone()
})

test('a process that never gets ready is ended at the deadline', async () => {
  const { start, gone } = await setup('setInterval(() => {}, 1000)')
  await expect(start(1000)).rejects.toMatchObject({ code: 'TIMED_OUT' })
  await gone()
})

test('Ctrl-C ends the process that was being started', async () => {
  const { start, stop, pid, gone } = await setup('setInterval(() => {}, 1000)')
  const reason = new Error('enough')
  const started = start()
  await expect.poll(() => pid().catch(() => 0)).toBeGreaterThan(0)
  stop.abort(reason)
  await expect(started).rejects.toBe(reason)
  await gone()
})

test('a home that cannot be used is said before anything is started', async () => {
  const { paths, stop } = await setup('')
  await writeFile(paths.state, 'a file where the folder should be')
  await expect(
    startDaemon({ bin: '', env: {}, paths, flags: [], timeoutMs: 1, signal: stop.signal })
  ).rejects.toMatchObject({ code: 'HOME_UNUSABLE', details: { reason: 'ENOTDIR' } })
})

test('a passphrase goes over stdin, and stands neither among the arguments nor in the environment', async () => {
  const program = `
    const seen = JSON.stringify([process.argv.slice(2), process.env])
    const word = fs.readFileSync(0, 'utf8')
    say({ ready: true, ...${JSON.stringify(READY)}, name: word, peerId: String(seen.includes(word)) })`
  const { start, startWith } = await setup(program)
  expect(await startWith(new Secret('correct horse'))).toMatchObject({
    name: 'correct horse',
    peerId: 'false'
  })
  expect((await start()).name).toBe('')
})
