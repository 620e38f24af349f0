/** The bench of a whole swarm: it measures what it promises, and leaves nothing behind whatever ends it. */
import { execFile, spawn } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { PATIENCE } from '../support/patience.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const BENCH = join(import.meta.dirname, '../../bench/swarm.ts')
const NODES = ['--nodes', '12', '--hosts', '4']

const report = z.object({
  nodes: z.literal(12),
  promises: z.array(z.object({ what: z.string(), value: z.number().nullable(), unit: z.string() })),
  steady: z.object({
    lookups: z.object({ count: z.number() }),
    gossip: z.object({ count: z.number() })
  }),
  kill: z.object({ killed: z.number(), gone: z.object({ missing: z.literal(0) }) })
})

/** Whose temporary folder shows what is left over. */
async function setup() {
  const temporary = join(await temporaryDirectory(), 'temporary')
  await mkdir(temporary)
  // What is killed would still write its compile cache while the folder is deleted.
  const env = { ...process.env, TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' }
  const left = async (): Promise<string[]> =>
    (await readdir(temporary)).filter((name) => name.startsWith('lumos'))
  return { env, left }
}

test('twelve nodes find each other, work, and forget those who were killed', async () => {
  const { env, left } = await setup()
  const args = [
    BENCH,
    ...NODES,
    '--phases',
    'start,steady,kill',
    '--settle',
    '0',
    '--idle',
    '1s',
    '--json'
  ]
  // Promises of time are for a quiet machine: the exit code may tell of a broken one.
  const { stdout } = await promisify(execFile)(process.execPath, args, { env }).catch(
    (error: { code: unknown; stdout: string }) => {
      expect(error.code).toBe(1)
      return error
    }
  )
  const { promises, steady, kill } = report.parse(
    JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  )
  const shares = promises.filter(({ unit }) => unit === '%')
  expect(shares.length).toBeGreaterThan(5)
  expect(shares.filter(({ value }) => value !== 100)).toEqual([])
  expect(steady.lookups.count).toBeGreaterThan(500)
  // Each of twenty messages at each of the eleven others.
  expect(steady.gossip.count).toBe(220)
  expect(kill.killed).toBeGreaterThanOrEqual(2)
  expect(await left()).toEqual([])
})

test('Ctrl-C leaves neither a node nor a folder', async () => {
  const { env, left } = await setup()
  const child = spawn(process.execPath, [BENCH, ...NODES, '--phases', 'start,steady'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text) => (said += String(text)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await vi.waitFor(() => expect(said).toContain('steady'), { timeout: 60_000 })
  expect(await left()).toHaveLength(1)
  child.kill('SIGINT')
  // The pipe is closed when its last holder, a node's process, is gone.
  expect(await ended).toBe(130)
  await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE)
})
