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

export interface LiveDoorComponents extends ConnectionComponents {
  readonly callers: Pick<Callers, 'admit' | 'answering' | 'identify' | 'permit'>
}

const BEARER = 'bearer.'

export function createLiveDoor(components: LiveDoorComponents): UpgradeDoor {
  const { callers } = components
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIMITS.liveMessageBytes.value,
    // What is compressed together can be guessed together (CRIME), and costs 300 KiB a connection.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(LIVE_PROTOCOL) ? LIVE_PROTOCOL : false)
  })
  const places = createPlaces()

  /** A credential in the request itself is looked at before anything is promised. */
  async function admit({ incoming }: Upgrade): Promise<void> {
    callers.admit(incoming)
    const offered = protocolsOf(incoming)
    if (offered.length > 0 && !offered.includes(LIVE_PROTOCOL)) {
      const reason = `the subprotocol is ${LIVE_PROTOCOL}`
      throw invalidRequest(reason)
    }
    const token = offered.find((one) => one.startsWith(BEARER))?.slice(BEARER.length)
    if (token !== undefined) showToken(incoming, token)
    if (incoming.headers.authorization !== undefined) await callers.identify(incoming)
    if (!places.hasRoom(incoming.headers.authorization === undefined)) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
  }

  function connect({ incoming, socket, head, signal }: Upgrade): void {
    server.handleUpgrade(incoming, socket, head, (live) => {
      const hasShown = incoming.headers.authorization !== undefined
      const place = places.take(!hasShown)
      live.once('close', () => place.leave())
      serveLive(components, {
        socket: live,
        signal,
        async identify(token) {
          if (!hasShown && token !== undefined) showToken(incoming, token)
          const caller = await callers.identify(incoming)
          place.known()
          return caller
        }
      })
    })
  }

  async function letIn(upgrade: Upgrade, leave: () => void): Promise<void> {
    const { socket } = upgrade
    try {
      await admit(upgrade)
    } catch (error) {
      return refuseUpgrade(socket, toLumosError(error))
    }
    socket.off('error', leave)
    if (!socket.destroyed) connect(upgrade)
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

/** Of those who are connected, and of those among them who have not said yet who they are. */
function createPlaces() {
  let taken = 0
  let strangers = 0
  return {
    hasRoom: (isStranger: boolean): boolean =>
      taken < LIMITS.liveConnections.value &&
      !(isStranger && strangers >= LIMITS.liveStrangers.value),
    take(isStranger: boolean) {
      let unknown = isStranger
      taken += 1
      if (unknown) strangers += 1
      const known = (): void => {
        if (unknown) strangers -= 1
        unknown = false
      }
      const leave = (): void => {
        taken -= 1
        known()
      }
      return { known, leave }
    }
  }
}

/** As the header that browsers cannot set. */
function showToken({ headers }: IncomingMessage, token: string): void {
  headers.authorization = `Bearer ${token}`
}

function protocolsOf({ headers }: IncomingMessage): readonly string[] {
  const text = headers['sec-websocket-protocol'] ?? ''
  return text.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))
}
