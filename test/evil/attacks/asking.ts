/** Ways of a member to the agents of the victim: an honest client, and a session whose frames are written by hand. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../../core/clock.ts'
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
