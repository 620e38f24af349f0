/** Tells how the machine of a node is doing, without telling whose machine it is. */
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import type { JsonObject } from '../core/json.ts'
import { defineAgent } from './agent.ts'
import type { Agent, AgentOutput } from './agent.ts'

export interface SysinfoAgentInit {
  /** A folder on the disk that is reported. */
  readonly path?: string
}

/**
 * No host name, user, path, address or environment: what is told goes to every member of the swarm.
 */
export function createSysinfoAgent({ path = os.tmpdir() }: SysinfoAgentInit = {}): Agent {
  async function* run(): AsyncGenerator<AgentOutput> {
    const facts = await measure(path)
    yield sentences(facts)
    yield {
      type: 'artifact',
      artifact: {
        artifactId: 'facts',
        name: 'facts',
        description:
          'The same as data: bytes, seconds, and load averages over 1, 5 and 15 minutes.',
        parts: [{ data: { ...facts }, mediaType: 'application/json' }]
      }
    }
  }

  return defineAgent({
    id: 'sysinfo',
    name: 'System information',
    description:
      'Load, processors, memory, disk, uptime and versions of the machine a node runs on.',
    skills: [
      {
        id: 'system.info',
        name: 'System information',
        description: 'How busy the machine is and how much room it has, as text and as data.',
        tags: ['system', 'load', 'memory', 'disk', 'versions'],
        examples: ['how is this machine doing?'],
        outputModes: ['text/plain', 'application/json']
      }
    ],
    outputModes: ['text/plain', 'application/json'],
    idempotent: true,
    run
  })
}

interface Facts extends JsonObject {
  readonly platform: string
  readonly release: string
  readonly architecture: string
  readonly node: string
  readonly cpus: number
  readonly cpuModel: string
  readonly load: readonly number[]
  readonly memoryBytes: number
  readonly memoryFreeBytes: number
  readonly diskBytes: number
  readonly diskFreeBytes: number
  readonly uptimeSeconds: number
  readonly processSeconds: number
  readonly processMemoryBytes: number
}

async function measure(path: string): Promise<Facts> {
  const { blocks, bavail, bsize } = await statfs(path)
  return {
    platform: os.platform(),
    release: os.release(),
    architecture: os.arch(),
    node: process.version,
    cpus: os.availableParallelism(),
    cpuModel: os.cpus()[0]?.model.trim() ?? 'unknown',
    load: os.loadavg().map((value) => Number(value.toFixed(2))),
    memoryBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(),
    diskBytes: blocks * bsize,
    diskFreeBytes: bavail * bsize,
    uptimeSeconds: Math.floor(os.uptime()),
    processSeconds: Math.floor(process.uptime()),
    processMemoryBytes: process.memoryUsage.rss()
  }
}

function sentences(facts: Facts): string {
  return [
    `load     ${facts.load.join(' ')} (1, 5, 15 min) on ${facts.cpus} processors, ${facts.cpuModel}`,
    `memory   ${gigabytes(facts.memoryFreeBytes)} free of ${gigabytes(facts.memoryBytes)}`,
    `disk     ${gigabytes(facts.diskFreeBytes)} free of ${gigabytes(facts.diskBytes)}`,
    `uptime   machine ${duration(facts.uptimeSeconds)}, node ${duration(facts.processSeconds)}`,
    `versions ${facts.platform} ${facts.release} ${facts.architecture}, Node ${facts.node.slice(1)}`
  ].join('\n')
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}

function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1]
  ] as const
  const from = Math.max(
    0,
    units.findIndex(([, size]) => seconds >= size)
  )
  return units
    .slice(from, from + 2)
    .map(([unit, size], index) => {
      const upper = index === 0 ? Infinity : (units[from]?.[1] ?? Infinity)
      return `${Math.floor((seconds % upper) / size)} ${unit}`
    })
    .join(' ')
}
