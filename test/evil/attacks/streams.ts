/** Attacks of those who hold the key, below the session: on negotiation, multiplexing and streams. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { LIMITS } from '../../../core/limits.ts'
import { KAD_PROTOCOL } from '../../../node/libp2p/network.ts'
import { SESSION_PROTOCOL } from '../../../protocols/session/constants.ts'
import { identityOf } from '../../../trust/identity.ts'
import { ENDLESS_LENGTH, giantFrame, lines, sendRaw } from '../../support/attackers.ts'
import type { Attack } from '../attack.ts'
import { dial, repeat, repeatAtOnce } from './attempts.ts'

const lengthBomb: Attack = {
  name: 'length bomb on a stream of the DHT',
  threats: [2],
  expected: 'connection closed before it is buffered',
  async run(kit) {
    const node = await kit.bare()
    kit.accuse(node.peerId.toString())
    const { done } = await repeat(kit, async () => {
      const connection = await dial(node, kit)
      const stream = await connection.newStream(KAD_PROTOCOL, { signal: kit.signal })
      sendRaw(stream, ENDLESS_LENGTH)
      await once(stream, 'close', { signal: kit.signal })
    })
    return `${done} bombs of 256 KiB`
  }
}

const yamuxBomb: Attack = {
  name: 'yamux frame of 4 GiB',
  threats: [2],
  expected: 'connection closed at its header',
  async run(kit) {
    const bomb = Buffer.concat([
      lines('/multistream/1.0.0', '/yamux/1.0.0'),
      giantFrame(),
      ENDLESS_LENGTH
    ])
    const node = await kit.bare({ onSecured: (connection) => sendRaw(connection, bomb) })
    kit.accuse(node.peerId.toString())
    const { done, failed } = await repeat(kit, () => dial(node, kit))
    return `${done + failed} bombs`
  }
}

const streamFlood: Attack = {
  name: 'stream flood',
  threats: [4],
  expected: 'at most `streamsPerConnection`, and `sessionHandshakes` of the session; reset',
  async run(kit) {
    const node = await kit.bare()
    const connection = await dial(node, kit)
    const most = LIMITS.streamsPerConnection.value
    let open = 0
    const { done, failed } = await repeatAtOnce(kit, 16, async (round) => {
      const protocol = round % 3 === 0 ? KAD_PROTOCOL : SESSION_PROTOCOL
      await connection.newStream(protocol, { signal: kit.signal, maxOutboundStreams: 1e6 })
      const held = connection.streams.filter(({ status }) => status === 'open').length
      open = Math.max(open, held)
    })
    // Some are negotiated here before their reset is heard.
    if (open > 2 * most) throw new Error(`${open} streams at a time`)
    return `${done} streams opened and left, ${failed} refused; ${open} at a time`
  }
}

const sybils: Attack = {
  name: 'twenty identities of one host',
  threats: [5],
  expected: 'within `connections`; others keep theirs',
  async run(kit) {
    const nodes = await Promise.all(Array.from({ length: 20 }, () => kit.bare()))
    const counts = await Promise.all(
      nodes.map((node) =>
        repeat(kit, async () => {
          const connection = await dial(node, kit)
          await pause(20)
          await connection.close({ signal: kit.signal })
        })
      )
    )
    const sum = (key: 'done' | 'failed'): number =>
      counts.reduce((total, count) => total + count[key], 0)
    return `${sum('done')} connections, ${sum('failed')} refused`
  }
}

const identityClash: Attack = {
  name: 'two nodes with the same key',
  threats: [5, 25],
  expected: 'the newer one is spoken to, one at a time',
  async run(kit) {
    const identity = identityOf(await generateKeyPair('Ed25519'))
    const twins = await Promise.all([kit.member({ identity }), kit.member({ identity })])
    const counts = await Promise.all(
      twins.map(({ sessions }) =>
        repeat(kit, async () => {
          await sessions.connect(kit.target.peer, { signal: kit.signal })
          await pause(20)
        })
      )
    )
    return `${counts.reduce((total, { done }) => total + done, 0)} sessions in turn`
  }
}

export const STREAM_ATTACKS: readonly Attack[] = [
  lengthBomb,
  yamuxBomb,
  streamFlood,
  sybils,
  identityClash
]
