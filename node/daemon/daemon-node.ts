/** The node of a daemon: all parts, and their answers to the control API. */
import { assemble } from '../assembly.ts'
import { createNodeGateway } from '../gateway.ts'
import { createLifeCycle } from '../life-cycle.ts'
import { createOperations } from '../operations.ts'
import type { Operations } from '../operations.ts'
import type { DaemonNodeInit, NodeHandle, NodeParts } from './daemon.ts'

export async function createDaemonNode(
  parts: NodeParts,
  {
    config,
    paths,
    swarmKey,
    invite,
    passphrase,
    version,
    env,
    values,
    logs,
    logLevels,
    requestStop
  }: DaemonNodeInit
): Promise<NodeHandle> {
  const assembly = await assemble(parts, {
    config,
    paths,
    swarmKey,
    invite,
    passphrase,
    version,
    env,
    controlSocket: paths.socket
  })
  const { socket } = paths
  const gateway = createNodeGateway(assembly, {
    ...config.gateway,
    control: () => operations.control
  })
  const operations: Operations = createOperations(assembly, {
    socket,
    values,
    logs,
    logLevels,
    requestStop,
    gateway
  })
  const lifeCycle = createLifeCycle(parts, [
    { name: 'node', component: assembly },
    { name: 'operations', component: operations },
    { name: 'gateway', component: gateway }
  ])
  return {
    ...lifeCycle,
    operations: operations.control,
    identity: () => ({
      peerId: assembly.wire.identity.peer,
      name: assembly.wire.name,
      addresses: assembly.wire.network.addresses()
    })
  }
}
