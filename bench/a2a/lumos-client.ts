/** A second Lumos node, reduced to A2A calls over its session with the server. */
import type { SendMessageRequest } from '../../core/a2a-operations.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { assemble } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'
import { collectWithoutHelp } from '../../node/daemon/host.ts'
import { createA2aClient } from '../../protocols/a2a/client.ts'

function request(text: string): SendMessageRequest {
  return {
    tenant: 'bench-echo',
    message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }] }
  }
}

export interface LumosCaller {
  send(text: string, options?: { readonly deadlineMs: number }): Promise<unknown>
  stream(text: string): AsyncIterable<unknown>
  /** The whole way of `lumos run`: outbox on disk, routing, worker's journal, result on disk. */
  delegate(text: string): Promise<unknown>
  stop(): Promise<void>
}

export async function createLumosCaller(
  home: string,
  swarmKey: string,
  address: string
): Promise<LumosCaller> {
  // As the daemon does; it is for the SDK's client, too, which lives in the same process.
  collectWithoutHelp()
  const config = nodeConfigSchema.parse({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false },
    bootstrap: [address],
    agents: { enabled: [] }
  })
  const node = await assemble(
    { clock: systemClock, random: systemRandom, logger: silentLogger },
    {
      config,
      paths: resolvePaths({ LUMOS_HOME: home }),
      swarmKey: new Secret(swarmKey),
      version: '0'
    }
  )
  await node.start()
  const peer = address.split('/p2p/')[1] ?? ''
  while (node.wire.sessions.get(peer) === undefined) {
    await systemClock.sleep(10)
  }
  const { signal } = new AbortController()
  while ((await node.capabilities.finder.find('bench-echo', { signal })).providers.length === 0) {
    await systemClock.sleep(10)
  }
  const client = createA2aClient(await node.wire.sessions.connect(peer))
  return {
    send: (text, options) => client.sendMessage(request(text), { ...options }),
    stream: (text) => client.sendStreamingMessage(request(text), {}),
    async delegate(text) {
      const { message } = request(text)
      const { id } = await node.work.delegations.delegate({ target: '@bench-echo', message })
      for await (const event of node.work.delegations.watch(id)) {
        if (event.type === 'result') return event
      }
      throw new Error('a task without a result')
    },
    stop: () => node.stop()
  }
}
