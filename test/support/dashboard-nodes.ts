/** Real nodes for tests of the dashboard: one serves it, with its log and the command's socket; others work for it. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import type { Agent } from '../../agents/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { resolvePaths } from '../../core/paths.ts'
import { createControlServer } from '../../gateway/control/control-server.ts'
import type { Assembly } from '../../node/assembly.ts'
import { createNodeGateway } from '../../node/gateway.ts'
import type { NodeGateway } from '../../node/gateway.ts'
import { createLogging } from '../../node/logging/logging.ts'
import { createOperations } from '../../node/operations.ts'
import type { Operations } from '../../node/operations.ts'
import { startSecludedNode } from './secluded-node.ts'

export interface DashboardNodeInit {
  readonly home: string
  readonly name: string
  readonly agents: readonly Agent[]
  /** Of the doors over HTTP; 0 without it. */
  readonly port?: number
}

export interface DashboardNode {
  readonly assembly: Assembly
  readonly gateway: NodeGateway
  readonly operations: Operations
  /** Of the doors over HTTP, for example `http://127.0.0.1:4711`. */
  readonly url: string
  /** Of everything that the dashboard does; it outlives a restart. */
  token(): Promise<string>
  stop(): Promise<void>
}

export async function startDashboardNode(init: DashboardNodeInit): Promise<DashboardNode> {
  const { home, name, agents, port = 0 } = init
  const logging = createLogging(
    { clock: systemClock, sinks: [] },
    { level: 'info', components: {} }
  )
  const assembly = await startSecludedNode({
    home,
    name,
    agents,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gateway: { port },
    logger: logging.logger
  })
  const gateway = createNodeGateway(assembly, {
    enabled: true,
    control: () => operations.control
  })
  const runtime = join(home, 'run')
  const { socket } = resolvePaths({ LUMOS_HOME: home, LUMOS_RUNTIME_DIR: runtime })
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 })
  const operations: Operations = createOperations(assembly, {
    socket,
    values: [],
    logs: (filter, signal) => logging.lines(filter, signal),
    logLevels: logging.levels,
    gateway,
    requestStop: () => undefined
  })
  const control = createControlServer(
    { ...assembly.components, operations: operations.control },
    { socketPath: socket }
  )
  await operations.start()
  await gateway.start()
  await control.start()
  return {
    assembly,
    gateway,
    operations,
    url: gateway.url ?? '',
    async token() {
      const { secret } = await gateway.tokens.create({
        name: 'dashboard',
        scopes: ['control/read', 'control/write', 'task/send', 'memory/read', 'memory/write'],
        lifetimeMs: LIMITS.apiTokenLifetime.value
      })
      return secret
    },
    async stop() {
      await control.stop()
      await gateway.stop()
      await operations.stop()
      await assembly.stop()
      logging.close()
    }
  }
}

/** Lets two nodes know each other, as discovery would. */
export async function introduce(one: Assembly, other: Assembly): Promise<void> {
  const [address = ''] = other.wire.network.addresses()
  await one.wire.network.libp2p.dial(multiaddr(address))
  await one.wire.sessions.connect(other.wire.identity.peer)
}
