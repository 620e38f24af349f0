/** A process with one node that is attacked; tells over IPC how it feels. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { multiaddr } from '@multiformats/multiaddr'
import { startMeshNode, testSwarm } from './mesh-node.ts'

export interface VictimReport {
  /** Longest time the event loop was held up since the last report, milliseconds. */
  readonly gapMs: number
  readonly rssBytes: number
  readonly violations: number
  readonly foreign: number
}

export type VictimMode = 'private' | 'open'

const mode: VictimMode = process.argv[2] === 'open' ? 'open' : 'private'
const swarm = testSwarm()
const node = await startMeshNode({
  swarm: mode === 'open' ? { ...swarm, key: undefined } : swarm
})
const seen = { violations: 0, foreign: 0 }
node.network.events.on('violation', () => seen.violations++)
node.network.events.on('foreign', () => seen.foreign++)
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

async function report(dial: string | undefined): Promise<VictimReport> {
  if (dial !== undefined) {
    await node.network.libp2p.dial(multiaddr(dial)).catch(() => undefined)
  }
  const { rss } = process.memoryUsage()
  const felt = { gapMs: delay.max / 1e6, rssBytes: rss, ...seen }
  if (dial === undefined) delay.reset()
  return felt
}

process.on('message', ({ dial }: { readonly dial?: string }) => {
  void report(dial).then((felt) => process.send?.(felt))
})
process.send?.({ addresses: node.network.addresses() })
