/** A node whose doors over HTTP stand open, for tests that come in by them. */
import type { Agent } from '../../agents/agent.ts'
import { LIMITS } from '../../core/limits.ts'
import { createNodeGateway } from '../../node/gateway.ts'
import type { NodeGateway } from '../../node/gateway.ts'
import { NO_LOG } from '../../node/logging/no-log.ts'
import { createOperations } from '../../node/operations.ts'
import type { Operations } from '../../node/operations.ts'
import { startAssembly } from './a2a-nodes.ts'
import type { AssemblyOptions, StartedAssembly } from './a2a-nodes.ts'

export interface HttpNode extends StartedAssembly {
  readonly gateway: NodeGateway
  readonly url: string
  /** A new token that lets its holder give tasks and follow its own, unless it is said otherwise. */
  token(scopes?: Parameters<NodeGateway['tokens']['create']>[0]['scopes']): Promise<string>
}

/** A node that the test has to stop. */
export async function startHttpNode(
  agents: readonly Agent[] = [],
  options: AssemblyOptions = {}
): Promise<HttpNode> {
  const started = await startAssembly(agents, { gateway: { port: 0 }, ...options })
  const gateway = createNodeGateway(started.assembly, {
    enabled: true,
    control: () => operations.control
  })
  const operations: Operations = createOperations(started.assembly, {
    socket: '',
    values: [],
    ...NO_LOG,
    gateway,
    requestStop: () => undefined
  })
  await gateway.start()
  const { url = '' } = gateway
  return {
    assembly: started.assembly,
    gateway,
    url,
    async token(scopes = ['task/send']) {
      const lifetimeMs = LIMITS.apiTokenLifetime.value
      const { secret } = await gateway.tokens.create({ name: 'test', scopes, lifetimeMs })
      return secret
    },
    async stop() {
      await gateway.stop()
      await started.stop()
    }
  }
}

/** `fetch` that shows a token, as an SDK takes it. */
export function fetchWith(token: string): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${token}`)
    return fetch(input, { ...init, headers })
  }
}
