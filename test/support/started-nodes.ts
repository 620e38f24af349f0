/** Whole nodes for a test, in folders of their own, stopped when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createNode } from '../../node/create-node.ts'
import type { LumosNode, NodeOptions } from '../../node/create-node.ts'

/** A folder that is deleted after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumos-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A started node on loopback that looks for others in `folder` only. */
export async function startNode(
  folder: string,
  { name = 'node', ...options }: Partial<NodeOptions> & { readonly name?: string }
): Promise<LumosNode> {
  const node = await createNode({
    home: join(folder, name),
    name,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false },
    runtimeDirectory: join(folder, 'run'),
    ...options
  })
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

/** A started node that looks for nobody by itself: who is to know whom is said by `bootstrap`. */
export async function startSecluded(options: Partial<NodeOptions>): Promise<LumosNode> {
  const node = await createNode({
    home: testFolder(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    swarmKey: '0123456789abcdef'.repeat(4),
    builtin: { enabled: [] },
    ...options
  })
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

/** Each on a host of its own, as far as it can tell. */
export function startApart(
  folder: string,
  name: string,
  extra: Partial<NodeOptions> = {}
): Promise<LumosNode> {
  return startNode(folder, {
    name,
    runtimeDirectory: join(folder, `run-${name}`),
    discovery: { mdns: false, sameHost: false },
    ...extra
  })
}
