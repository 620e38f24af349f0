/**
 * Closes connections that nobody keeps for a session: lookups of the DHT dial strangers
 * and leave the connections open, each of which costs pings, gossip and one of few places.
 */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'

/** A lookup that goes on, or a session that is being opened, is done by then: each takes 15 s at most. */
export const STRAY_AGE_MS = 20_000

export interface OpenConnection {
  readonly peer: PeerIdText
  /** Milliseconds since the epoch. */
  readonly openedAt: number
}

export interface StrayConnectionsComponents {
  readonly clock: Clock
  readonly connections: () => readonly OpenConnection[]
  /** Peers whose connections are wanted: those with a session, and relays that speak for this node. */
  readonly isWanted: (peer: PeerIdText) => boolean
  readonly hangUp: (peer: PeerIdText) => Promise<void>
}

/** Looks every 20 s; a peer whose connection was closed may come back at any time. */
export function createStrayConnections(components: StrayConnectionsComponents): Component {
  const { clock, connections, hangUp, isWanted } = components
  let stopping = new AbortController()
  let rounds: Promise<void> | undefined

  async function round(): Promise<void> {
    const limit = clock.now() - STRAY_AGE_MS
    const young = connections().filter(({ openedAt }) => openedAt > limit)
    const kept = new Set(young.map(({ peer }) => peer))
    const strays = new Set(connections().map(({ peer }) => peer))
    const leaving = [...strays].filter((peer) => !kept.has(peer) && !isWanted(peer))
    // All at once: those that let it wait would keep the places of all others taken for minutes.
    await Promise.all(leaving.map(hangUp))
  }

  async function repeat(stopped: AbortSignal): Promise<void> {
    while (await clock.sleep(STRAY_AGE_MS, stopped)) await round()
  }

  return {
    async start() {
      if (rounds !== undefined) return
      stopping = new AbortController()
      rounds = repeat(stopping.signal)
    },
    async stop() {
      stopping.abort()
      await rounds
      rounds = undefined
    }
  }
}
