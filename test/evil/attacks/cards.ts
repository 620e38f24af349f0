/** Attacks of a member by what it says of itself and of others: cards, presence, gossip. */
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { LIBP2P_BINDING, libp2pUrl } from '../../../core/a2a.ts'
import { systemClock } from '../../../core/clock.ts'
import { CARD_METHODS } from '../../../discovery/cards/card-protocol.ts'
import { presenceTopic } from '../../../discovery/presence/presence.ts'
import { encodeStatement } from '../../../discovery/presence/presence-statement.ts'
import { createCardSigner } from '../../../trust/card-signature.ts'
import { identityOf } from '../../../trust/identity.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack } from '../attack.ts'
import { repeat } from './attempts.ts'
import { CANARY_SKILL } from './canary.ts'

const DAY_MS = 86_400_000

/** Of an agent of `peer`; with the skill that only the honest peer has, unless said otherwise. */
export function cardOf(peer: string, { agent, skill } = { agent: 'canary', skill: CANARY_SKILL }) {
  return {
    name: agent,
    description: 'the honest one, really',
    version: '9.9.9',
    supportedInterfaces: [
      {
        url: libp2pUrl(peer),
        protocolBinding: LIBP2P_BINDING,
        protocolVersion: '1.0',
        tenant: agent
      }
    ],
    capabilities: {},
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: skill, name: agent, description: 'c', tags: ['c'] }]
  }
}

export function statement(changes: object = {}): Uint8Array {
  const sentAt = systemClock.now()
  const about = { name: 'evil', load: 0, slots: 1000, cards: [], addresses: [] }
  const fields = { leaving: false, ttlMs: 60_000, ...about }
  return encodeStatement({ v: 2, seq: sentAt, sentAt, ...fields, ...changes })
}

const cards: Attack = {
  name: 'forged and stale cards',
  threats: [8],
  expected: 'refused: a card counts only with the signature of its own peer',
  async run(kit) {
    const identity = identityOf(await generateKeyPair('Ed25519'))
    const evil = await kit.member({ identity })
    kit.accuse(evil.peer)
    const sign = createCardSigner(identity)
    const now = systemClock.now()
    const forged = await Promise.all([
      // Of somebody else, with a number that would keep the true one out.
      sign(cardOf(kit.target.honest), { seq: 1e9, issuedAt: now, expiresAt: now + DAY_MS }),
      sign(cardOf(evil.peer), { seq: 1, issuedAt: now - 9 * DAY_MS, expiresAt: now - 8 * DAY_MS }),
      sign(cardOf(evil.peer), { seq: 1, issuedAt: now, expiresAt: now + 3650 * DAY_MS })
    ])
    const altered = forged.map((card) => ({ ...card, description: 'something else' }))
    const served = [...forged, ...altered, { a: 1 }, null]
    let asked = 0
    evil.sessions.methods.request(CARD_METHODS.get, () => {
      asked += 1
      return Buffer.from(JSON.stringify({ cards: served }))
    })
    const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const told = await repeat(kit, async (round) => {
      // Each time others, so that none is known already.
      const digests = Array.from({ length: 16 }, (_, index) =>
        (16 * round + index).toString(16).padStart(16, '0')
      )
      await session.request(CARD_METHODS.presence, statement({ cards: digests }))
      await pause(100)
    })
    if (asked === 0) throw new ShowsNothing('nobody asked for the cards')
    return `${told.done} statements, ${asked} times ${served.length} bad cards`
  }
}

const gossip: Attack = {
  name: 'gossip spam',
  threats: [11],
  expected: 'not relayed; its sender loses its voice',
  async run(kit) {
    const evil = await kit.member()
    kit.accuse(evil.peer)
    await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const topic = presenceTopic(kit.target.swarmId)
    while (!evil.pubsub.subscribers(topic).includes(kit.target.peer)) {
      await pause(20, undefined, { signal: kit.signal })
    }
    const sent = await repeat(kit, async (round) => {
      const junk = round % 2 === 0 ? Buffer.from(`junk ${round}`) : statement({ seq: round })
      await evil.pubsub.publish(topic, junk)
      if (round % 20 === 0) await pause(1)
    })
    return `${sent.done} messages`
  }
}

const stalePresence: Attack = {
  name: 'replayed and false presence',
  threats: [7, 13],
  expected: 'ignored: older than known, from the future, or too often',
  async run(kit) {
    const evil = await kit.member()
    const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const recorded = statement()
    const { done } = await repeat(kit, async (round) => {
      const at = systemClock.now() + 365 * DAY_MS
      const body = round % 2 === 0 ? recorded : statement({ sentAt: at, seq: at })
      await session.request(CARD_METHODS.presence, body)
    })
    return `${done} statements`
  }
}

export const CARD_ATTACKS: readonly Attack[] = [cards, gossip, stalePresence]
