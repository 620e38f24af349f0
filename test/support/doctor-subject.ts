/** A whole node in this process that can be asked what its doctor finds; for tests and benches. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Check } from '../../client/doctor-api.ts'
import { systemClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { assemble } from '../../node/assembly.ts'
import type { Assembly } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'
import { createOperations } from '../../node/operations.ts'

export interface DoctorNodeInit extends Omit<z.input<typeof nodeConfigSchema>, 'key'> {
  /** Milliseconds by which its wall clock is wrong. */
  readonly clockOff?: number
  /** 64 hex digits; default: that of all of them. */
  readonly key?: string
  /** Default: a folder of its own. */
  readonly home?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface DoctorNode {
  readonly assembly: Assembly
  readonly control: ControlOperations
  readonly peer: string
  /** The first one, with the PeerId. */
  readonly address: string
  /** What it finds; of a peer, if one is named. */
  doctor(peer?: string): Promise<readonly Check[]>
  /** From now on its wall clock is wrong by so many milliseconds. */
  turnClock(offMs: number): void
  stop(): Promise<void>
}

const KEY = '0123456789abcdef'.repeat(4)
const NEVER = new AbortController().signal

/** Started; it looks for nobody but its bootstrap nodes. `stop` also removes its folder. */
export async function createDoctorNode({
  clockOff = 0,
  key = KEY,
  home: given,
  env = {},
  ...config
}: DoctorNodeInit = {}): Promise<DoctorNode> {
  let off = clockOff
  const home = given ?? mkdtempSync(join(tmpdir(), 'lumos-test-'))
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + off }
  const parsed = nodeConfigSchema.parse({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    agents: { enabled: [] },
    memory: { enabled: false },
    ...config
  })
  const assembly = await assemble(
    { clock, random: systemRandom, logger: silentLogger },
    {
      config: parsed,
      paths: resolvePaths({ LUMOS_HOME: home, LUMOS_RUNTIME_DIR: join(home, 'run') }),
      ...(!parsed.swarm.open && { swarmKey: new Secret(key) }),
      version: '0.0.0',
      env,
      agents: []
    }
  )
  const operations = createOperations(assembly, {
    socket: '',
    values: [],
    logs: async function* () {},
    gateway: { tokens: NO_TOKENS, url: undefined, auth: [] },
    requestStop: () => undefined
  } as unknown as Parameters<typeof createOperations>[1])
  let running = true
  async function stop(): Promise<void> {
    if (!running) return
    running = false
    await operations.stop()
    await assembly.stop()
    // A disk of its own goes by itself.
    if (given === undefined) rmSync(home, { recursive: true, force: true })
  }
  try {
    await assembly.start()
    await operations.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    assembly,
    control: operations.control,
    peer: assembly.wire.identity.peer,
    address: assembly.wire.network.addresses()[0] ?? '',
    doctor: async (peer) => (await operations.control.doctor(peer, NEVER)).checks,
    turnClock: (offMs) => void (off = offMs),
    stop
  }
}

const NO_TOKENS = {}
