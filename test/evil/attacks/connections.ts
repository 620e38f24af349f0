/** Attacks of those who hold no key of the swarm: all they have is a TCP connection. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { LIMITS } from '../../../core/limits.ts'
import { closeOf, ENDLESS_LENGTH, rawConnection } from '../../support/attackers.ts'
import type { Attack, Kit } from '../attack.ts'
import { dial, repeatAtOnce } from './attempts.ts'

/** Resolves when the socket is closed, or the attack is over. */
async function closedOrOver(socket: Socket, signal: AbortSignal): Promise<void> {
  await Promise.race([closeOf(socket), once(signal, 'abort')])
  socket.destroy()
}

async function flood(kit: Kit, greet: (socket: Socket) => void, atOnce: number): Promise<number> {
  const { done } = await repeatAtOnce(kit, atOnce, async () => {
    const socket = await rawConnection(kit.target.address)
    greet(socket)
    await closedOrOver(socket, kit.signal)
  })
  return done
}

/** Whether somebody with the key is still let in. */
async function knock(kit: Kit, patienceMs: number): Promise<number> {
  const node = await kit.bare()
  const begun = performance.now()
  const signal = AbortSignal.timeout(patienceMs)
  for (;;) {
    try {
      await dial(node, { ...kit, signal })
      return Math.round(performance.now() - begun)
    } catch (cause) {
      if (signal.aborted) throw new Error('who has the key is locked out', { cause })
      await pause(20)
    }
  }
}

/** What a busy machine adds to the deadline of the victim. */
const SLACK_MS = 9000

const junk: Attack = {
  name: 'junk before the handshake',
  threats: [2],
  expected: 'closed at the first wrong byte',
  async run(kit) {
    const sockets = await flood(kit, (socket) => void socket.write(ENDLESS_LENGTH), 8)
    return `${sockets} connections of 256 KiB`
  }
}

const slowLoris: Attack = {
  name: 'slow-loris before the handshake',
  threats: [3],
  expected: 'closed after `greetingDeadline`; others come in',
  durationMs: LIMITS.greetingDeadline.value + SLACK_MS,
  async run(kit) {
    const begun = performance.now()
    const trickle = async (): Promise<number> => {
      const socket = await rawConnection(kit.target.address).catch(() => undefined)
      // There is a limit for each host as well.
      if (socket === undefined) return 0
      while (!kit.signal.aborted && !socket.destroyed) {
        socket.write(Uint8Array.of(1))
        await pause(100)
      }
      if (!socket.destroyed) throw new Error('it is still open')
      return performance.now() - begun
    }
    const held = Array.from({ length: 100 }, trickle)
    await pause(200)
    const knocked = await knock(kit, LIMITS.greetingDeadline.value + SLACK_MS)
    const longest = Math.max(...(await Promise.all(held)))
    return `100 sockets, closed after ${seconds(longest)} at most; somebody with the key was let in after ${seconds(knocked)}`
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

const connectionFlood: Attack = {
  name: 'connection flood without the swarm key',
  threats: [5],
  expected: 'refused above `inboundPerHost` a second; others come in afterwards',
  async run(kit) {
    const sockets = await flood(kit, () => undefined, 200)
    const knocked = await knock(kit, LIMITS.greetingDeadline.value + SLACK_MS)
    return `${sockets} connections, 200 at once; somebody with the key was let in ${seconds(knocked)} later`
  }
}

export const CONNECTION_ATTACKS: readonly Attack[] = [junk, slowLoris, connectionFlood]
