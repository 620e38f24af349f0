/** Ten minutes of shared memory on twenty nodes that come and go. Runs beside the long tests, being mostly waiting. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  converged,
  putMany,
  shared,
  startMemoryNode,
  startMemoryNodes
} from '../support/memory-nodes.ts'
import { seededRandom } from '../support/random.ts'
import { testFolder } from '../support/started-nodes.ts'

const NODES = 20
const SOAK_MS = 10 * 60_000

test(
  'nodes that come, go and write all the time end equal',
  { timeout: SOAK_MS + 180_000 },
  async () => {
    const folder = testFolder()
    const nodes = await startMemoryNodes(folder, NODES)
    const seed = 20_261_121
    const random = seededRandom(seed)
    const pick = (): number => Math.floor(random.next() * nodes.length)
    const end = performance.now() + SOAK_MS
    let [puts, restarts] = [0, 0]
    while (performance.now() < end) {
      const index = pick()
      const node = nodes[index]
      if (node === undefined) continue
      if (random.next() < 0.04) {
        await node.stop()
        nodes[index] = await startMemoryNode(folder, { name: `node-${index}` })
        restarts += 1
        continue
      }
      const count = 1 + Math.floor(random.next() * 20)
      await putMany(node, `k/${pick()}/`, count)
      if (random.next() < 0.3)
        await shared(node).delete(`k/${pick()}/${Math.floor(random.next() * 20)}`)
      puts += count
      await delay(random.next() * 60)
    }
    await converged(nodes, { atLeast: 100, timeout: 120_000 })
    expect(restarts).toBeGreaterThan(5)
    process.stdout.write(`soak: ${puts} puts, ${restarts} restarts, roots equal (seed ${seed})\n`)
  }
)
