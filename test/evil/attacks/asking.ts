/** Ways of a member to the agents of the victim: an honest client, and a session whose frames are written by hand. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'
import { createA2aClient } from '../../../protocols/a2a/client.ts'
import type { A2aClient } from '../../../protocols/a2a/client.ts'
import { createStreamHost } from '../../../protocols/frames/host.ts'
import { SESSION_PROTOCOL } from '../../../protocols/session/constants.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { RawSessionPeer } from '../../support/raw-session-peer.ts'
import type { Kit } from '../attack.ts'

export interface Asking {
  readonly client: A2aClient
  readonly session: Session
  readonly peer: string
}

export async function asking(kit: Kit): Promise<Asking> {
  const { sessions, peer } = await kit.member()
  const session = await sessions.connect(kit.target.peer, { signal: kit.signal })
  return { client: createA2aClient(session), session, peer }
}

export function order(tenant: string, text: string) {
  const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER' as const, parts: [{ text }] }
  return { tenant, message }
}

const OPEN = 0x03
const DATA = 0x04
const ERROR = 0x05
const CREDIT = 0x07
const PIECE = new Uint8Array(60_000)
/** As the protocol counts it, and a little more. */
const PIECE_COST = PIECE.length + 64

/**
 * One request of a method, within the windows that the victim grants, until it says something or `most`
 * bytes are sent. Resolves to how many that were.
 */
export async function pour(
  { raw, signal }: { readonly raw: RawSessionPeer; readonly signal: AbortSignal },
  id: number,
  { method, most }: { readonly method: string; readonly most: number }
): Promise<number> {
  const window = { call: LIMITS.callWindow.value, session: LIMITS.sessionWindow.value }
  raw.frames.length = 0
  raw.say(
    OPEN,
    0,
    id,
    Buffer.concat([Buffer.from([0, 0, 0x75, 0x30, method.length, 0, 0]), Buffer.from(method)])
  )
  let sent = 0
  const isAnswered = (): boolean =>
    raw.frames.some((frame) => frame.type === ERROR && frame.id === id)
  while (sent < most && !isAnswered() && raw.end === undefined) {
    for (const frame of raw.frames.splice(0)) {
      if (frame.type !== CREDIT) raw.frames.push(frame)
      else if (frame.id === 0) window.session += frame.bytes
      else window.call += frame.bytes
    }
    if (Math.min(window.call, window.session) < PIECE_COST) {
      await pause(1, undefined, { signal })
      continue
    }
    raw.say(DATA, 0, id, PIECE)
    window.call -= PIECE_COST
    window.session -= PIECE_COST
    sent += PIECE.length
    await turn()
  }
  return sent
}

/** A session whose frames are written by hand; `undefined` when the victim refuses it. */
export async function rawSession(kit: Kit, node: Libp2p): Promise<RawSessionPeer | undefined> {
  await node.dial(multiaddr(kit.target.address), { signal: kit.signal })
  const host = createStreamHost({ clock: systemClock, libp2p: node })
  const pipe = await host.open(kit.target.peer, SESSION_PROTOCOL, kit.signal)
  const raw = new RawSessionPeer(pipe)
  raw.hello({
    swarm: kit.target.swarmId,
    name: 'evil',
    instance: node.peerId.toString().slice(-32)
  })
  while (!raw.heard.includes('hello')) {
    if (raw.end !== undefined) return undefined
    await pause(5, undefined, { signal: kit.signal })
  }
  return raw
}
