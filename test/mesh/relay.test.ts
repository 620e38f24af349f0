/** Two nodes that meet by a relay alone: what goes over it is as large and as long as elsewhere. */
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { textOf } from '../../core/a2a.ts'
import { startSecludedNode } from '../support/secluded-node.ts'
import { startSecluded, testFolder } from '../support/started-nodes.ts'
import { talk } from '../support/talk.ts'

/** Four times what libp2p's relay lets through by itself. */
const ORDER = { seed: 1, pieces: 128, length: 4096, pauseMs: 0 }

const talker = defineAgent({
  id: 'talk',
  description: 'speaks',
  skills: [{ id: 'talk', name: 'Talk', description: 'speaks', tags: ['test'] }],
  async *run() {
    yield* talk(ORDER)
  }
})

test('a stream larger than libp2p’s limit comes whole, over a connection without limits', async () => {
  const relay = await startSecludedNode({
    home: testFolder(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    network: { relayService: true }
  })
  onTestFinished(() => relay.stop())
  const { network } = relay.wire
  const [address = ''] = network.addresses()
  // They listen nowhere but at the relay.
  const way = `${address}/p2p-circuit`
  const right = await startSecluded({ listen: [way], bootstrap: [address], agents: [talker] })
  await expect.poll(() => right.addresses()).toHaveLength(1)
  const left = await startSecluded({
    listen: [way],
    bootstrap: [address, `${way}/p2p/${right.peerId}`]
  })
  await expect
    .poll(async () => (await left.peers()).peers.map(({ path }) => path).join())
    .toMatch(/^(direct,relay|relay,direct)$/)
  await expect.poll(async () => (await left.find('talk')).providers).toHaveLength(1)

  const pieces: string[] = []
  for await (const event of left.run('@talk', 'speak')) {
    if (event.type === 'artifact') pieces.push(textOf(event.artifact.parts))
  }
  expect(pieces.join('') === [...talk(ORDER)].join('')).toBe(true)
  const relayed = network.libp2p
    .getConnections()
    .flatMap(({ streams }) => streams)
    .filter(({ protocol }) => protocol.endsWith('/hop'))
  expect(relayed).not.toEqual([])
  // Its server hangs up on those who ask it (docs/decisions/0018).
  expect(network.libp2p.getProtocols().filter((name) => name.includes('autonat'))).toEqual([])
})
