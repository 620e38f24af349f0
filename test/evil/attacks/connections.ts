/** Attacks below the session: on connections, negotiation and streams. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { KAD_PROTOCOL } from '../../../node/libp2p.ts'
import { closeOf, ENDLESS_LENGTH, rawConnection, sendRaw } from '../../support/attackers.ts'
import type { Attack, Kit } from '../attack.ts'

/** Repeats `action` until the attack is over; how often it worked and failed. */
async function repeat(
  { signal }: Kit,
  action: (round: number) => Promise<unknown>
): Promise<{ done: number; failed: number }> {
  const count = { done: 0, failed: 0 }
  while (!signal.aborted) {
    try {
      await action(count.done + count.failed)
      count.done += 1
    } catch {
      count.failed += 1
      await pause(5)
    }
  }
  return count
}

function dial(node: Libp2p, { target, signal }: Kit): Promise<Connection> {
  return node.dial(multiaddr(target.address), { signal })
}

/** Resolves when the socket is closed, or the attack is over. */
async function closedOrOver(socket: Socket, signal: AbortSignal): Promise<void> {
  const over = once(signal, 'abort')
  await Promise.race([closeOf(socket), over])
  socket.destroy()
}

async function flood(kit: Kit, greet: (socket: Socket) => void, atOnce: number): Promise<number> {
  const floods = Array.from({ length: atOnce }, () =>
    repeat(kit, async () => {
      const socket = await rawConnection(kit.target.address)
      greet(socket)
      await closedOrOver(socket, kit.signal)
    })
  )
  const counts = await Promise.all(floods)
  return counts.reduce((sum, { done }) => sum + done, 0)
}

const junk: Attack = {
  name: 'junk before the handshake',
  threats: [2],
  expected: 'closed at the first wrong byte',
  async run(kit) {
    const sockets = await flood(kit, (socket) => void socket.write(ENDLESS_LENGTH), 8)
    return `${sockets} connections of 256 KiB`
  }
}

const connectionFlood: Attack = {
  name: 'connection flood without the swarm key',
  threats: [5],
  expected: 'refused above `inboundPerHost` a second',
  async run(kit) {
    const sockets = await flood(kit, () => undefined, 200)
    return `${sockets} connections, 200 at once`
  }
}

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

export const CONNECTION_ATTACKS: readonly Attack[] = [junk, connectionFlood, lengthBomb]
