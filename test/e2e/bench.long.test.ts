/** `lumos bench` with nodes of its own: a result, and nothing left behind whatever ends it. */
import { spawn } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { resolvePaths } from '../../core/paths.ts'
import { isRunning } from '../../core/process.ts'
import { readRunFile } from '../../cli/run-file.ts'
import { createLumos } from '../support/lumos.ts'
import { PATIENCE } from '../support/patience.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')

/** Whose temporary folder shows what is left over. */
async function setup() {
  const folder = await temporaryDirectory()
  const temporary = join(folder, 'temporary')
  await mkdir(temporary)
  // What is killed would still write its compile cache while the folder is deleted.
  const env = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' }
  const lumos = createLumos({ home: join(folder, 'nobody'), env })
  return { lumos, temporary, left: () => leftovers(temporary) }
}

/** Node keeps caches of its own in the temporary folder. */
async function leftovers(temporary: string): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('lumos'))
}

test('two nodes of its own do tasks for each other and are gone', async () => {
  const { lumos, left } = await setup()
  const { code, stdout } = await lumos.run(['bench', 'task', '-d', '1s', '-c', '2', '--json'])
  expect({ code, left: await left() }).toEqual({ code: 0, left: [] })
  const report: unknown = JSON.parse(stdout)
  expect(report).toMatchObject({
    v: 1,
    kind: 'task',
    spawned: 2,
    failed: 0,
    byNode: [{ name: 'n1' }, { name: 'n2' }],
    use: [{ rssBytes: expect.any(Number) }, {}]
  })
  expect(report).toHaveProperty(
    'done',
    expect.toSatisfy((done: number) => done > 0)
  )
})

test('neither Ctrl-C nor a kill leaves a node or a folder', async () => {
  const left = await Promise.all([leftAfter('SIGINT'), leftAfter('SIGKILL')])
  expect(left).toEqual([[], []])
})

/** Folders; nodes must be gone as well. */
async function leftAfter(signal: 'SIGINT' | 'SIGKILL'): Promise<readonly string[]> {
  const { lumos, temporary, left } = await setup()
  const child = spawn(process.execPath, [BIN, 'bench', 'ping', '-d', '1m', '--json'], {
    env: lumos.env,
    stdio: 'ignore'
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  const pids = await vi.waitFor(async () => {
    const found = await runningNodes(temporary)
    expect(found).toHaveLength(2)
    return found
  }, PATIENCE)
  child.kill(signal)
  await ended
  await vi.waitFor(async () => {
    expect(pids.filter(isRunning)).toEqual([])
    expect(await left()).toEqual([])
  }, PATIENCE)
  return left()
}

async function runningNodes(temporary: string): Promise<number[]> {
  const [folder] = await leftovers(temporary)
  if (folder === undefined) return []
  const homes = ['n1', 'n2'].map((name) => join(temporary, folder, name))
  const files = await Promise.all(
    homes.map((home) => readRunFile(resolvePaths({ LUMOS_HOME: home }).run))
  )
  return files.flatMap((file) => (file === undefined ? [] : [file.pid]))
}
