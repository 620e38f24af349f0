/** Every built-in agent keeps the contract of agents. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createCalcAgent } from '../../agents/calc/calc-agent.ts'
import { createClockAgent } from '../../agents/clock/clock-agent.ts'
import { createEchoAgent } from '../../agents/echo.ts'
import { createEnsembleAgent } from '../../agents/ensemble/ensemble-agent.ts'
import type { EnsembleSwarm } from '../../agents/ensemble/ensemble-swarm.ts'
import { createFilesAgent } from '../../agents/files/files-agent.ts'
import { createSummarizeAgent } from '../../agents/summarize/summarize-agent.ts'
import { createSysinfoAgent } from '../../agents/sysinfo.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { ensembleMetadata } from '../../core/ensemble.ts'
import { RUN } from '../support/agent-runner.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { describeAgentContract } from './agent.contract.ts'

async function sharedFolder(): Promise<string> {
  const root = join(await temporaryDirectory(), 'shared')
  await mkdir(join(root, 'docs', 'protocols'), { recursive: true })
  for (const name of ['README.md', 'docs/architecture.md', 'my notes.txt']) {
    await writeFile(join(root, name), '# Bees\n\nBees make honey from the nectar of flowers.\n')
  }
  await writeFile(join(root, 'docs', 'bee.bin'), Buffer.from([0, 1, 2, 255]))
  return root
}

describeAgentContract('echo', {
  create: async () => [createEchoAgent()],
  requests: [[{ text: 'hello there' }], [{ data: { a: 1 } }]],
  deterministic: true
})

describeAgentContract('clock', {
  create: async () => [createClockAgent({ clock: new ManualClock() })],
  requests: [[{ text: 'time in Tokyo' }], [{ text: '14:30 Berlin in New York' }], [{ text: '' }]],
  deterministic: true
})

describeAgentContract('calc', {
  create: async () => [createCalcAgent({ clock })],
  requests: [[{ text: '2 + 2' }]],
  deterministic: true,
  long: [{ text: 'factorial(bignumber(1e9))' }]
})

describeAgentContract('files', {
  create: async () => [createFilesAgent({ roots: [await sharedFolder()] })],
  requests: [
    [{ text: 'list' }],
    [{ text: 'read README.md' }],
    [{ data: { op: 'read', path: 'docs/bee.bin' } }]
  ],
  deterministic: true
})

describeAgentContract('summarize', {
  create: async () => [
    createSummarizeAgent({ clock }),
    createFilesAgent({ roots: [await sharedFolder()] })
  ],
  requests: [
    [{ text: 'Bees make honey from nectar. They live in hives. A hive has a queen of its own.' }],
    [{ text: 'summarize README.md' }]
  ],
  deterministic: true,
  long: [{ text: '- a b c d e f.\n'.repeat(60_000) }]
})

const PEERS = ['amber', 'birch', 'cedar']

/** Each peer answers what it is asked. */
const echoes: EnsembleSwarm = {
  async choose({ exclude }) {
    const name = PEERS.find((peer) => !exclude.includes(peer))
    return name === undefined
      ? undefined
      : { node: { id: name, name }, agent: 'echo', idempotent: true }
  },
  ask: async ({ parts }) => [{ artifactId: 'result', parts }]
}

describeAgentContract('ensemble', {
  create: async () => [
    createEnsembleAgent(
      { clock: new ManualClock(), random: seededRandom(1), swarm: echoes },
      { self: RUN.caller }
    )
  ],
  metadata: ensembleMetadata({ target: 'echo', where: 'any', peers: 3, take: 'majority' }),
  requests: [[{ text: 'hello there' }], [{ data: { a: 1 } }]],
  deterministic: true
})

describeAgentContract('sysinfo', {
  create: async () => [createSysinfoAgent()],
  requests: [[{ text: '' }], [{ text: 'how is this machine doing?' }]],
  deterministic: false
})
