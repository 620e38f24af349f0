/** Lets members in and others go: asks strangers for proof, and ends connections of those who are struck off the list. */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Component } from '../core/component.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { StreamHost } from '../protocols/frames/host.ts'
import { askMembership } from '../protocols/membership/client.ts'
import { createMembersExchange } from '../protocols/membership/exchange.ts'
import { createMembershipServer } from '../protocols/membership/server.ts'
import type { AuditLog } from '../trust/audit-log.ts'
import type { Blame } from '../trust/blame.ts'
import type { Statement, Succession } from '../trust/members/statement.ts'
import type { Sessions } from '../protocols/session/session.ts'
import type { Network } from './libp2p/network.ts'
import type { NodeSwarm } from './swarm.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeMembershipComponents extends NodeComponents {
  readonly network: Network
  readonly sessions: Sessions
  readonly host: StreamHost
  readonly nodeSwarm: NodeSwarm
  readonly audit: Pick<AuditLog, 'note'>
  readonly blame: Pick<Blame, 'add'>
}

export interface NodeMembership extends Component {
  /** For this node's HELLO. */
  helloFields(): JsonObject
  /** Somebody has come by the door of an invite. */
  welcome(guest: PeerIdText): void
}

/** A peer that does not read must not hold up the one that leaves. */
const HANG_UP_MS = 2000
/** Proofs asked for at once; more strangers have to come again. */
const MAX_PROOFS = 32

/** Start it before the network: it answers peers. */
export function createNodeMembership(components: NodeMembershipComponents): NodeMembership {
  return new Gatekeeper(components)
}

class Gatekeeper implements NodeMembership {
  readonly #components: NodeMembershipComponents
  readonly #server: Component
  readonly #exchange: Component & { helloFields(): JsonObject }
  readonly #guests = new Map<PeerIdText, () => void>()
  readonly #asking = new Map<PeerIdText, Promise<void>>()
  readonly #stopping = new AbortController()
  #running = false

  constructor(components: NodeMembershipComponents) {
    this.#components = components
    const { nodeSwarm, host } = components
    const logger = components.logger.child('members')
    const { book, invites, swarm: resolved } = nodeSwarm
    const swarm =
      resolved.key === undefined ? undefined : { swarm: resolved.id, name: resolved.name }
    this.#server = createMembershipServer({ ...components, logger, book, invites })
    this.#exchange = createMembersExchange({ ...components, logger, book, swarm, self: host.self })
  }

  helloFields(): JsonObject {
    return this.#exchange.helloFields()
  }

  welcome(guest: PeerIdText): void {
    this.#guests.get(guest)?.()
    const leave = this.#components.clock.after(LIMITS.joinDeadline.value, () => {
      this.#guests.delete(guest)
      if (!this.#components.nodeSwarm.membership.isMember(guest)) void this.#hangUp(guest)
    })
    this.#guests.set(guest, leave)
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const { network, nodeSwarm } = this.#components
    await this.#server.start()
    // Before this one expels anybody, so that who is struck off hears it from us.
    await this.#exchange.start()
    nodeSwarm.book.events.on('changed', this.#onChanged)
    nodeSwarm.book.events.on('disputed', this.#onDisputed)
    network.libp2p.addEventListener('connection:open', this.#onConnection)
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    const { network, nodeSwarm } = this.#components
    nodeSwarm.book.events.off('changed', this.#onChanged)
    nodeSwarm.book.events.off('disputed', this.#onDisputed)
    network.libp2p.removeEventListener('connection:open', this.#onConnection)
    this.#stopping.abort(new LumosError('SHUTTING_DOWN'))
    for (const leave of this.#guests.values()) leave()
    await Promise.all([this.#exchange.stop(), this.#server.stop(), ...this.#asking.values()])
  }

  readonly #onConnection = ({ detail }: CustomEvent<Connection>): void => {
    const peer = detail.remotePeer.toString()
    const { membership } = this.#components.nodeSwarm
    if (membership.isMember(peer) || this.#guests.has(peer) || this.#asking.has(peer)) return
    if (this.#asking.size >= MAX_PROOFS) {
      void this.#hangUp(peer)
      return
    }
    const asking = this.#askForProof(peer).finally(() => this.#asking.delete(peer))
    this.#asking.set(peer, asking)
  }

  /** One of us has not heard yet that the other is a member. */
  async #askForProof(peer: PeerIdText): Promise<void> {
    const { nodeSwarm, logger } = this.#components
    try {
      const { statements } = await askMembership(
        this.#components,
        { peer, question: { ask: 'proof' } },
        { signal: this.#stopping.signal, timeoutMs: LIMITS.membersProof.value }
      )
      await nodeSwarm.book.hear(statements)
    } catch (error) {
      logger.debug('a stranger has no proof', { peer, code: toLumosError(error).code })
    }
    if (!nodeSwarm.membership.isMember(peer)) {
      logger.info('a peer that is no member was sent away', { peer })
      this.#components.network.events.emit('denied', peer)
    }
    // Also a member comes anew: much of libp2p has seen the stranger, and has turned from it.
    await this.#hangUp(peer)
  }

  /** Two have one key, or its owner has lost track: only a person can tell. */
  readonly #onDisputed = (rivals: readonly Succession[]): void => {
    const { nodeSwarm, logger, audit } = this.#components
    for (const { by, peer } of rivals) {
      const heir = nodeSwarm.book.roll?.heirOf(by) ?? 'nobody: it has left'
      logger.error('a key was to be succeeded a second time; the first counts', { by, peer, heir })
      audit.note({
        who: by,
        did: 'succeed',
        what: peer,
        allowed: false,
        reason: 'succeeded before'
      })
    }
  }

  readonly #onChanged = (fresh: readonly Statement[]): void => {
    this.#tellOfKeys(fresh)
    const { network, nodeSwarm, host, logger } = this.#components
    const { book, membership } = nodeSwarm
    if (book.roll !== undefined && book.roll.roleOf(host.self) === undefined) {
      logger.error('this node is not a member of the swarm any more', {
        swarm: book.roll.charter.name
      })
    }
    const struckOff = new Set(fresh.flatMap((said) => ('peer' in said ? said.peer : [])))
    for (const id of network.libp2p.getPeers()) {
      const peer = id.toString()
      if (membership.isMember(peer)) continue
      // Who knocks at a door keeps that, and not what it had as a member.
      if ((this.#guests.has(peer) || this.#asking.has(peer)) && !struckOff.has(peer)) continue
      logger.info('a connection ends: its peer is not a member any more', { peer })
      void this.#hangUp(peer)
    }
  }

  #tellOfKeys(fresh: readonly Statement[]): void {
    const { logger, audit } = this.#components
    for (const { kind, by, ...said } of fresh) {
      if (kind !== 'succession' || !('peer' in said)) continue
      logger.info('a member has another key', { was: by, peer: said.peer })
      audit.note({ who: by, did: 'succeed', what: said.peer, allowed: true })
    }
  }

  async #hangUp(peer: PeerIdText): Promise<void> {
    const { clock, logger, network, sessions } = this.#components
    try {
      await sessions.disconnect(peer)
      await network.libp2p.hangUp(peerIdFromString(peer), { signal: clock.timeout(HANG_UP_MS) })
    } catch (error) {
      logger.debug('a connection did not close in order', { peer, error })
    }
  }
}
