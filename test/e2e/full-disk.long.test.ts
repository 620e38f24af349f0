/** A whole node on a disk that fills up: it refuses what it cannot keep, says so, and goes on when there is room. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LumosNode } from '../../node/create-node.ts'
import { smallDisk } from '../support/small-disk.ts'
import { startNode } from '../support/started-nodes.ts'

/** Code of the failure, or the state of the task. */
async function outcomeOf(node: LumosNode, text: string): Promise<string> {
  try {
    const events = await Array.fromAsync(node.run('echo', text, { where: 'local' }))
    const last = events.at(-1)
    return last?.type === 'result' ? last.task.state : 'no result'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

test('a node whose disk is full refuses tasks, tells why, and takes them again with room', async ({
  skip
}) => {
  const disk = (await smallDisk('48m')) ?? skip('mounting is not allowed here')
  const node = await startNode(disk, {})
  expect(await outcomeOf(node, 'before')).toBe('TASK_STATE_COMPLETED')

  const filler = join(disk, 'filler')
  await writeFile(filler, Buffer.alloc(64 * 1024 * 1024)).catch(() => undefined)
  const large = 'x'.repeat(256 * 1024)
  await expect.poll(() => outcomeOf(node, large), { timeout: 20_000 }).toBe('STORE_FULL')
  const { problems } = await node.status()
  expect(problems).toMatchObject([{ code: 'STORE_FULL' }])

  await rm(filler)
  await expect
    .poll(() => outcomeOf(node, 'after'), { timeout: 30_000, interval: 250 })
    .toBe('TASK_STATE_COMPLETED')
  expect((await node.status()).problems).toEqual([])
})
