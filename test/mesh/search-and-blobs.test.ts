/** Searching, and content too large for a value, between whole nodes over TCP. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createNode } from '../../node/create-node.ts'
import { content } from '../support/blobs.ts'
import { startNode, testFolder } from '../support/started-nodes.ts'

test('what one node writes another finds, and reads the content that it names', async () => {
  const folder = testFolder()
  const amber = await startNode(folder, { name: 'amber' })
  const birch = await startNode(folder, { name: 'birch' })
  const bytes = content(700_000)
  const file = await amber.memory.blobs.put(bytes)
  await amber.memory.space().put('reports/rome', { title: 'Rain in Rome', file })
  await amber.memory.space().put('reports/oslo', { title: 'Snow in Oslo' })

  const found = async () => (await birch.memory.space().search('rain')).hits
  await expect.poll(found, { timeout: 10_000 }).toHaveLength(1)
  expect(await found()).toMatchObject([{ fact: { key: 'reports/rome', value: { file } } }])
  const parts = await Array.fromAsync(birch.memory.blobs.get(file))
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)

  await amber.memory.space().delete('reports/rome')
  await expect.poll(found, { timeout: 10_000 }).toEqual([])
})

test('an index and blobs outlive the node', async () => {
  const folder = testFolder()
  const home = join(folder, 'amber')
  const first = await startNode(folder, { name: 'amber' })
  await first.memory.space().put('city', 'Rome')
  const file = await first.memory.blobs.put(content(10))
  expect((await first.memory.space().search('rome')).hits).toHaveLength(1)
  await first.stop()
  const again = await createNode({ home, listen: [], discovery: { mdns: false } })
  await again.start()
  try {
    expect((await again.memory.space().search('rome')).hits).toHaveLength(1)
    expect(Buffer.concat(await Array.fromAsync(again.memory.blobs.get(file)))).toHaveLength(10)
  } finally {
    await again.stop()
  }
})
