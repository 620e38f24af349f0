/** Whole nodes whose insides a test of shared memory can look into, stopped when the test ends. */
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { z } from 'zod'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import type { MemorySpace } from '../../memory/shared-memory.ts'
import { assemble } from '../../node/assembly.ts'
import type { Assembly } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'

export type MemoryNodeInit = z.input<typeof nodeConfigSchema> & { readonly name: string }

/** A node on loopback that looks for others in `folder` only; its home outlives it. */
export async function startMemoryNode(
  folder: string,
  { name, ...config }: MemoryNodeInit
): Promise<Assembly> {
  const node = await assemble(
    { clock: systemClock, random: systemRandom, logger: silentLogger },
    {
      config: nodeConfigSchema.parse({
        name,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        discovery: { mdns: false },
        agents: { enabled: [] },
        ...config
      }),
      paths: resolvePaths({
        LUMOS_HOME: join(folder, name),
        LUMOS_RUNTIME_DIR: join(folder, 'run')
      }),
      version: '0.0.0'
    }
  )
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

export function shared({ memory }: Assembly): MemorySpace {
  return memory.space('shared')
}

/** Resolves when each has a session with all others. */
export async function met(nodes: readonly Assembly[]): Promise<void> {
  for (const { wire } of nodes) {
    const count = (): number => wire.sessions.all().length
    await expect.poll(count, { timeout: 15_000 }).toBe(nodes.length - 1)
  }
}

/** Resolves when all hold the same; `atLeast` keys, so that nothing is not taken for everything. */
export async function converged(
  nodes: readonly Assembly[],
  { atLeast, timeout = 10_000 }: { readonly atLeast: number; readonly timeout?: number }
): Promise<void> {
  const state = async (): Promise<object> => {
    const all = await Promise.all(nodes.map((node) => shared(node).status()))
    const [first] = all
    return {
      roots: new Set(all.map(({ root }) => root)).size,
      enough: (first?.keys ?? 0) >= atLeast
    }
  }
  await expect.poll(state, { timeout, interval: 50 }).toEqual({ roots: 1, enough: true })
}

export async function putMany(node: Assembly, prefix: string, count: number): Promise<void> {
  const space = shared(node)
  const puts = Array.from({ length: count }, (_, index) =>
    space.put(`${prefix}${index}`, Buffer.from(`${prefix} ${index} ${'x'.repeat(150)}`))
  )
  await Promise.all(puts)
}

/** Twenty nodes in one process: a few at a time, or they miss each other's handshakes. */
export async function startMemoryNodes(folder: string, count: number): Promise<Assembly[]> {
  const nodes: Assembly[] = []
  for (let index = 0; index < count; index += 1) {
    nodes.push(await startMemoryNode(folder, { name: `node-${index}` }))
  }
  for (const { wire } of nodes) {
    await expect.poll(() => wire.sessions.all().length, { timeout: 30_000 }).toBeGreaterThan(2)
  }
  return nodes
}
