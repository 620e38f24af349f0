/** This node's own cards: signed when agents come or go, and again before they expire. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Sequence } from '../../storage/sequence.ts'
import { createCardSigner, verifyCard } from '../../trust/card-signature.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { Identity } from '../../trust/identity.ts'
import { buildCard } from './card-builder.ts'
import type { AgentDescription } from './card-builder.ts'

/** A lost key speaks for at most a day. */
export const CARD_VALIDITY_MS = 24 * 60 * 60 * 1000
/** Half of the validity: a peer that was away for hours still holds a card in force. */
export const CARD_RENEWAL_MS = CARD_VALIDITY_MS / 2
/** After a failed renewal (a full disk, say). */
const RETRY_MS = 60_000

export interface CardBookComponents {
  readonly identity: Identity
  readonly clock: Clock
  /** Numbers the cards; kept on disk, so that a new card is never older than one before a restart. */
  readonly sequence: Sequence
  readonly logger: Logger
}

export interface CardBookEvents {
  signed: [cards: readonly VerifiedCard[]]
}

export interface CardBook extends Component {
  readonly events: EventEmitter<CardBookEvents>
  cards(): readonly VerifiedCard[]
  /** Replaces the agents of this node; resolves when their cards are signed. */
  setAgents(agents: readonly AgentDescription[]): Promise<void>
}

export interface CardBookInit {
  readonly agents: readonly AgentDescription[]
  /** URIs of the A2A extensions that the node's binding brings to every agent. */
  readonly extensions: readonly string[]
  readonly pushNotifications?: boolean
}

export function createCardBook(components: CardBookComponents, init: CardBookInit): CardBook {
  const { identity, clock, sequence, logger } = components
  const events = new EventEmitter<CardBookEvents>()
  const sign = createCardSigner(identity)
  const { extensions, pushNotifications = false } = init
  let { agents } = init
  let cards: readonly VerifiedCard[] = []
  let cancelRenewal: (() => void) | undefined
  let signing: Promise<void> = Promise.resolve()

  async function signOne(agent: AgentDescription, seq: number): Promise<VerifiedCard> {
    const now = clock.now()
    const card = buildCard(agent, { peer: identity.peer, extensions, pushNotifications })
    const signed = await sign(card, { seq, issuedAt: now, expiresAt: now + CARD_VALIDITY_MS })
    // What peers would refuse must fail here, where somebody can mend it.
    return verifyCard(signed, { peer: identity.peer, now })
  }

  async function signAll(): Promise<void> {
    const seq = await sequence.next()
    cards = await Promise.all(agents.map(async (agent) => signOne(agent, seq)))
    events.emit('signed', cards)
  }

  /** One after the other, so that the last agents told are the last signed. */
  async function queueSigning(): Promise<void> {
    const next = signing.then(signAll)
    signing = next.catch(() => undefined)
    await next
  }

  function scheduleRenewal(ms: number): void {
    cancelRenewal = clock.after(ms, () => {
      queueSigning().then(
        () => cancelRenewal && scheduleRenewal(CARD_RENEWAL_MS),
        (error: unknown) => {
          logger.error('the agent cards could not be renewed', { code: toLumosError(error).code })
          if (cancelRenewal !== undefined) scheduleRenewal(RETRY_MS)
        }
      )
    })
  }

  return {
    events,
    cards: () => cards,
    async setAgents(replacement) {
      checkCount(replacement)
      agents = replacement
      if (cancelRenewal !== undefined) await queueSigning()
    },
    async start() {
      if (cancelRenewal !== undefined) return
      checkCount(agents)
      await queueSigning()
      scheduleRenewal(CARD_RENEWAL_MS)
    },
    async stop() {
      cancelRenewal?.()
      cancelRenewal = undefined
      await signing
    }
  }
}

function checkCount({ length }: readonly AgentDescription[]): void {
  const limit = LIMITS.cardsPerPeer.value
  if (length <= limit) return
  throw new LumosError('CONFIG_INVALID', {
    details: { reason: `${length} agents on one node; the limit is ${limit}` }
  })
}
