/**
 * What an idle node costs as its swarm grows: CPU, bytes, gossip and memory of each node, in swarms of several sizes.
 *
 * Run: `node bench/idle-growth.ts [sizes] [seconds] [settling seconds]`, for example `10,25,50,100 30 25`.
 * Whole nodes with TCP and Noise on loopback, ten in a process, one of them the bootstrap node of all.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Order, Sample } from './idle-growth-host.ts'

const SIZES = (process.argv[2] ?? '10,25,50,100').split(',').map(Number)
const SECONDS = Number(process.argv[3] ?? 30)
const SETTLING_SECONDS = Number(process.argv[4] ?? 25)
const NODES_PER_PROCESS = 10
const HOST = fileURLToPath(new URL('idle-growth-host.ts', import.meta.url))

interface Host {
  ask(order: Order): Promise<Sample>
  stop(): Promise<void>
}

function startHost(): Host {
  const child = fork(HOST, [], { execArgv: process.execArgv })
  return {
    async ask(order) {
      const answered = once(child, 'message')
      child.send(order)
      const ended = once(child, 'exit').then(([code]: unknown[]) => {
        throw new Error(`a host ended with ${String(code)}`)
      })
      const [sample] = await Promise.race([answered, ended])
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the other file of this bench sends
      return sample as Sample
    },
    async stop() {
      const ended = once(child, 'exit')
      child.send({ stop: true } satisfies Order)
      await ended
    }
  }
}

function sum(samples: readonly Sample[], key: Exclude<keyof Sample, 'address'>): number {
  return samples.reduce((total, sample) => total + sample[key], 0)
}

/** Each figure is that of one node. */
async function measure(size: number): Promise<Record<string, number>> {
  const counts = Array.from({ length: Math.ceil(size / NODES_PER_PROCESS) }, (_, index) =>
    Math.min(NODES_PER_PROCESS, size - index * NODES_PER_PROCESS)
  )
  const hosts = counts.map(startHost)
  try {
    const [first = 0, ...others] = counts
    const bootstrap = await hosts[0]?.ask({ start: first })
    await Promise.all(
      others.map(async (start, index) =>
        hosts[index + 1]?.ask({ start, bootstrap: bootstrap?.address ?? '' })
      )
    )
    await delay(SETTLING_SECONDS * 1000)
    const all = async () => Promise.all(hosts.map((host) => host.ask({ sample: true })))
    const before = await all()
    await delay(SECONDS * 1000)
    const after = await all()
    const rate = (key: Exclude<keyof Sample, 'address'>): number =>
      (sum(after, key) - sum(before, key)) / size / SECONDS
    const mean = (key: Exclude<keyof Sample, 'address'>): number => sum(after, key) / size
    return {
      nodes: size,
      'CPU ms/s': rate('cpuMs'),
      'kB/s in': rate('bytesIn') / 1000,
      'gossip kB/s in': rate('gossipBytesIn') / 1000,
      'gossip in/s': rate('gossipIn'),
      'new in/s': rate('gossipNew'),
      'told/s': rate('gossipTold'),
      'RSS MB': mean('rss') / 1e6,
      'heap MB': mean('heap') / 1e6,
      connections: mean('connections'),
      sessions: mean('sessions'),
      peers: mean('known')
    }
  } finally {
    await Promise.all(hosts.map((host) => host.stop()))
  }
}

const [{ model } = { model: 'unknown' }] = cpus()
process.stdout.write(`${cpus().length} × ${model}, load ${loadavg()[0]?.toFixed(2)}\n`)
const rows: Record<string, number>[] = []
for (const size of SIZES) {
  const row = await measure(size)
  const rounded = Object.entries(row).map(
    ([key, value]) => [key, Number(value.toFixed(2))] as const
  )
  rows.push(Object.fromEntries(rounded))
  process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`)
}
console.table(rows)
