/** `lumos demo`: two nodes of its own that do the main job and leave nothing behind, whatever ends it. */
import { spawn } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { isRunning } from '../../core/process.ts'
import { createLumos } from '../support/lumos.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')

function object(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new TypeError(`no object: ${text}`)
  return { ...value }
}

/** Whose temporary folder shows what is left over. */
async function setup() {
  const folder = await temporaryDirectory()
  const temporary = join(folder, 'temporary')
  await mkdir(temporary)
  const lumos = createLumos({ home: join(folder, 'nobody'), env: { TMPDIR: temporary } })
  return { lumos, temporary }
}

test('the demo does the main job and leaves nothing behind', async () => {
  const { lumos, temporary } = await setup()
  const { code, stdout } = await lumos.run(['demo', '--json'])
  const events = stdout.trim().split('\n').map(object)
  expect(code).toBe(0)
  expect(events[0]).toMatchObject({ type: 'started', caller: { pid: expect.any(Number) } })
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    task: { state: 'TASK_STATE_COMPLETED', artifacts: [expect.anything()] }
  })
  for (const node of [events[0]?.['caller'], events[0]?.['worker']]) {
    expect(isRunning(pidOf(node))).toBe(false)
  }
  expect(await leftovers(temporary)).toEqual([])
})

test('Ctrl-C in the middle of the demo leaves nothing behind either', async () => {
  const { lumos, temporary } = await setup()
  const child = spawn(process.execPath, [BIN, 'demo', '--json'], { env: lumos.env, stdio: 'pipe' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let first: Record<string, unknown> | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    first ??= object(line)
    child.kill('SIGINT')
  }
  expect(await ended).toBe(130)
  expect(isRunning(pidOf(first?.['caller']))).toBe(false)
  expect(await leftovers(temporary)).toEqual([])
})

function pidOf(node: unknown): number {
  return typeof node === 'object' && node !== null && 'pid' in node ? Number(node.pid) : Number.NaN
}

/** Node keeps caches of its own in the temporary folder. */
async function leftovers(temporary: string): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('lumos'))
}
