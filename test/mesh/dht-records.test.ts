/** A peer fills the DHT of another one with records: over real sockets. */
import { once } from 'node:events'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../core/limits.ts'
import { skillCid } from '../../discovery/dht/capability-dht.ts'
import { KAD_PROTOCOL } from '../../node/libp2p/network.ts'
import { createAttacker } from '../support/attackers.ts'
import { startMeshNode } from '../support/mesh-node.ts'
import type { MeshNode } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'
import { addProvider } from '../support/provider-message.ts'

async function startNode(): Promise<MeshNode> {
  const node = await startMeshNode()
  onTestFinished(() => node.stop())
  return node
}

/** A peer without guards that announces so many skills, a stream each. */
async function announce(victim: MeshNode, skills: readonly string[]): Promise<string> {
  const liar = await createAttacker()
  onTestFinished(() => liar.stop())
  const connection = await liar.dial(multiaddr(victim.network.addresses()[0]))
  const self = liar.peerId.toMultihash().bytes
  for (const skill of skills) {
    const { multihash } = await skillCid(skill)
    const stream = await connection.newStream(KAD_PROTOCOL)
    const closed = once(stream, 'close')
    stream.send(addProvider(multihash.bytes, connection, self))
    await stream.close().catch(() => undefined)
    await closed
  }
  return liar.peerId.toString()
}

async function holders(asker: MeshNode, skill: string): Promise<string[]> {
  const signal = AbortSignal.timeout(5000)
  const found: string[] = []
  const records = asker.network.libp2p.contentRouting.findProviders(await skillCid(skill), {
    signal
  })
  try {
    for await (const { id } of records) found.push(id.toString())
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return found
}

test('keeps so many records of one peer, and no more; others find what was kept', async () => {
  const [victim, asker] = await Promise.all([startNode(), startNode()])
  const most = LIMITS.dhtRecordsPerPeer.value
  const skills = Array.from({ length: most + 20 }, (_, index) => `skill.${index}`)
  const liar = await announce(victim, skills)
  await asker.network.libp2p.dial(multiaddr(victim.network.addresses()[0]))
  await vi.waitFor(async () => expect(await holders(asker, 'skill.0')).toEqual([liar]), PATIENCE)
  expect(await holders(asker, `skill.${most - 1}`)).toEqual([liar])
  expect(await holders(asker, `skill.${most}`)).toEqual([])
  expect(await holders(asker, `skill.${most + 19}`)).toEqual([])
})
