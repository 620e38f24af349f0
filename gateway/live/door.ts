/** `/v1/live`: who may open a WebSocket there, and how many. */
import type { IncomingMessage } from 'node:http'
import { WebSocketServer } from 'ws'
import { LIVE_PATH, LIVE_PROTOCOL } from '../../client/live-api.ts'
import { LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Callers } from '../http/callers.ts'
import { refuseUpgrade } from '../http/upgrade.ts'
import type { Upgrade, UpgradeDoor } from '../http/upgrade.ts'
import { serveLive } from './connection.ts'
import type { ConnectionComponents } from './connection.ts'
import { createPlaces } from './places.ts'

export interface LiveDoorComponents extends ConnectionComponents {
  readonly callers: Pick<Callers, 'admit' | 'answering' | 'identify' | 'permit'>
}

export interface LiveDoorInit {
  /** At the same time. */
  readonly connections?: number
}

const BEARER = 'bearer.'

export function createLiveDoor(
  components: LiveDoorComponents,
  { connections: most = LIMITS.liveConnections.value }: LiveDoorInit = {}
): UpgradeDoor {
  const { callers, clock } = components
  const server = createSocketServer()
  const places = createPlaces({ most, strangers: LIMITS.liveStrangers.value })

  /**
   * A credential in the request itself is looked at before anything is promised.
   * @returns whose it is
   */
  async function admit({ incoming }: Upgrade): Promise<string | undefined> {
    callers.admit(incoming)
    const offered = protocolsOf(incoming)
    if (offered.length > 0 && !offered.includes(LIVE_PROTOCOL)) {
      const reason = `the subprotocol is ${LIVE_PROTOCOL}`
      throw invalidRequest(reason)
    }
    const token = offered.find((one) => one.startsWith(BEARER))?.slice(BEARER.length)
    if (token !== undefined) showToken(incoming, token)
    const hasShown = incoming.headers.authorization !== undefined
    const owner = hasShown ? (await callers.identify(incoming)).owner : undefined
    if (!places.hasRoom(owner)) throw noRoom()
    return owner
  }

  function connect({ incoming, socket, head, signal }: Upgrade, owner: string | undefined): void {
    server.handleUpgrade(incoming, socket, head, (live) => {
      const hasShown = owner !== undefined
      const place = places.take(owner)
      live.once('close', () => place.leave())
      serveLive(components, {
        socket: live,
        signal,
        async identify(token) {
          if (!hasShown && token !== undefined) showToken(incoming, token)
          const caller = await callers.identify(incoming)
          if (!place.claim(caller.owner)) throw noRoom()
          return caller
        }
      })
    })
  }

  async function letIn(upgrade: Upgrade, leave: () => void): Promise<void> {
    const { socket } = upgrade
    let owner: string | undefined
    try {
      owner = await admit(upgrade)
    } catch (error) {
      return refuseUpgrade(socket, toLumosError(error), clock)
    }
    socket.off('error', leave)
    if (!socket.destroyed) connect(upgrade, owner)
  }

  return (upgrade) => {
    if (upgrade.path !== LIVE_PATH) return false
    const { socket } = upgrade
    const leave = (): void => void socket.destroy()
    socket.on('error', leave)
    void letIn(upgrade, leave)
    return true
  }
}

function createSocketServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIMITS.liveMessageBytes.value,
    // What is compressed together can be guessed together (CRIME), and costs 300 KiB a connection.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(LIVE_PROTOCOL) ? LIVE_PROTOCOL : false)
  })
}

function noRoom(): LumosError {
  return new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
}

/** As the header that browsers cannot set. */
function showToken({ headers }: IncomingMessage, token: string): void {
  headers.authorization = `Bearer ${token}`
}

function protocolsOf({ headers }: IncomingMessage): readonly string[] {
  const text = headers['sec-websocket-protocol'] ?? ''
  return text.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))
}
