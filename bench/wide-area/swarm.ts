/** Four nodes of one swarm on a network with a given condition. */
import { join } from 'node:path'
import { layWideNetwork } from '../../test/support/wide-network.ts'
import type { WideNetwork } from '../../test/support/wide-network.ts'
import { startWideNode } from '../../test/support/wide-nodes.ts'
import type { WideNode } from '../../test/support/wide-nodes.ts'
import type { Condition } from './conditions.ts'

export interface WideSwarm {
  readonly network: WideNetwork
  /** The first is where the others meet; the last two are behind routers, where there are any. */
  readonly nodes: readonly WideNode[]
  stop(): Promise<void>
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const INTERRUPTED = 130
const NAMES = ['birch', 'cedar', 'maple', 'oak']

export async function startWideSwarm(
  { isByMdns = false, isHidden = false, lay }: Condition,
  { folder, seed }: { readonly folder: string; readonly seed: number }
): Promise<WideSwarm> {
  const hidden = isHidden ? 2 : 0
  const isLocal = !isHidden
  const network = await layWideNetwork({ seed, hosts: NAMES.length - hidden, hidden, isLocal })
  const nodes: WideNode[] = []
  async function stop(): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    for (const node of nodes) await node.kill()
    await network.remove()
  }
  function onSignal(): void {
    void stop().finally(() => process.exit(INTERRUPTED))
  }
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    await lay?.(network)
    const hosts = [...network.hosts, ...network.hidden]
    for (const [index, name] of NAMES.entries()) {
      const host = hosts[index]
      const [first] = nodes
      if (host === undefined) throw new TypeError('no host')
      const env = {
        ...(isByMdns && { LUMOS_DISCOVERY_MDNS: 'true' }),
        ...(isHidden && first === undefined && { LUMOS_NETWORK_RELAY_SERVICE: 'true' })
      }
      const bootstrap = first === undefined || isByMdns ? [] : [first.address]
      nodes.push(await startWideNode({ name, host, folder: join(folder, name), bootstrap, env }))
    }
    return { network, nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
