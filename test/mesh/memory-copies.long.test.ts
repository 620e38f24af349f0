/** Data folders that were copied: a backup put over newer data, and two nodes that run on one history. */
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryRows } from '../../memory/replica/rows.ts'
import type { Assembly } from '../../node/assembly.ts'
import { converged, met, putMany, shared, startMemoryNode } from '../support/memory-nodes.ts'
import { testFolder } from '../support/started-nodes.ts'

async function keysOf(node: Assembly): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for await (const { key } of shared(node).list()) {
    const folder = key.slice(0, key.indexOf('/'))
    counts[folder] = (counts[folder] ?? 0) + 1
  }
  return counts
}

/** Under how many names a node has written. */
async function writersOf(node: Assembly, author: string): Promise<number> {
  const writers = new Set<string>()
  for await (const entry of shared(node).list()) {
    if (entry.author === author) writers.add(entry.writer)
  }
  return writers.size
}

test('a backup restored over newer data loses nothing that others have, and nothing that it writes', async () => {
  const folder = testFolder()
  const [home, backup] = [join(folder, 'amber'), join(folder, 'backup')]
  const [first, birch] = [
    await startMemoryNode(folder, { name: 'amber' }),
    await startMemoryNode(folder, { name: 'birch' })
  ]
  await met([first, birch])
  await putMany(first, 'old/', 20)
  await converged([first, birch], { atLeast: 20 })
  await first.stop()
  await cp(home, backup, { recursive: true })

  const second = await startMemoryNode(folder, { name: 'amber' })
  await putMany(second, 'new/', 30)
  await shared(second).put('old/0', Buffer.from('newer'))
  await shared(second).delete('old/1')
  await putMany(birch, 'birch/', 20)
  await converged([second, birch], { atLeast: 70 })
  await second.stop()
  await birch.stop()

  await rm(home, { recursive: true })
  await cp(backup, home, { recursive: true })
  // Alone, so that it uses numbers again under which birch holds other records.
  const restored = await startMemoryNode(folder, { name: 'amber' })
  expect(await keysOf(restored)).toEqual({ old: 20 })
  const entry = await shared(restored).put('again/0', Buffer.from('x'))
  await putMany(restored, 'again/', 10)
  const back = await startMemoryNode(folder, { name: 'birch' })
  await converged([restored, back], { atLeast: 80 })
  for (const node of [restored, back]) {
    expect(await keysOf(node)).toEqual({ old: 19, new: 30, again: 10, birch: 20 })
    expect(Buffer.from((await shared(node).get('old/0'))?.value ?? []).toString()).toBe('newer')
  }
  const later = await shared(restored).put('later/0', Buffer.from('x'))
  expect(later.writer).not.toBe(entry.writer)
})

test('of two nodes that run on one history none loses what the other wrote, and one is told of its double', async () => {
  const [folder, elsewhere] = [testFolder(), testFolder()]
  const before = await startMemoryNode(folder, { name: 'amber' })
  const birch = await startMemoryNode(folder, { name: 'birch' })
  await met([before, birch])
  await putMany(before, 'old/', 10)
  await converged([before, birch], { atLeast: 10 })
  await before.stop()
  await cp(join(folder, 'amber'), join(elsewhere, 'amber'), { recursive: true })

  const amber = await startMemoryNode(folder, { name: 'amber' })
  await met([amber, birch])
  const refused: string[] = []
  amber.wire.sessions.events.on('refused', (_, { code }) => refused.push(code))
  await putMany(amber, 'amber/', 10)
  await converged([amber, birch], { atLeast: 20 })
  const bootstrap = birch.wire.network.addresses()
  const twin = await startMemoryNode(elsewhere, { name: 'amber', bootstrap: [...bootstrap] })
  await putMany(twin, 'twin/', 10)
  await expect.poll(() => refused, { timeout: 15_000 }).toContain('DUPLICATE_KEY')
  await putMany(amber, 'alone/', 5)
  await amber.stop()
  await converged([twin, birch], { atLeast: 30 })
  await twin.stop()

  const again = await startMemoryNode(folder, { name: 'amber' })
  await converged([again, birch], { atLeast: 35 })
  for (const node of [again, birch]) {
    expect(await keysOf(node)).toEqual({ old: 10, amber: 10, twin: 10, alone: 5 })
  }
  const { author } = await shared(again).put('end/0', Buffer.from('x'))
  expect(await writersOf(again, author)).toBeGreaterThan(1)
})

test('a node that is started again and again writes under one name, and knows its digests', async () => {
  const folder = testFolder()
  let writer: string | undefined
  for (let start = 0; start < 3; start += 1) {
    const node = await startMemoryNode(folder, { name: 'amber' })
    const { allDigests } = memoryRows(shared(node).space.id)
    const saved = await Array.fromAsync(node.database.store.iterate(allDigests))
    expect(saved).toHaveLength(start === 0 ? 0 : 1)
    const entry = await shared(node).put(`start/${start}`, Buffer.from('x'))
    expect(entry.writer).toBe((writer ??= entry.writer))
    await shared(node).status()
    await node.stop()
  }
})
