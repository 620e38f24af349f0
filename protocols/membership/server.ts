/** Answers those who are not, or not yet, on the list: shows why this node is, and lets in who has an invite. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { InviteLedger } from '../../trust/invites/ledger.ts'
import { isLabel } from '../../trust/node-name.ts'
import type { Roll } from '../../trust/members/roll.ts'
import type { Statement } from '../../trust/members/statement.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'
import type { ListStanding } from '../../trust/membership.ts'
import { startDeadline } from '../frames/deadline.ts'
import { createFrameStream } from '../frames/frame-stream.ts'

import type { StreamHost } from '../frames/host.ts'
import type { FramePipe } from '../frames/pipe.ts'
import { decode, encode } from './codec.ts'
import type { Question } from './codec.ts'
import { MEMBERSHIP_PROTOCOL } from './constants.ts'

export interface MembershipServerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly host: Pick<StreamHost, 'handle' | 'self'>
  readonly book: SwarmBook
  readonly invites: Pick<InviteLedger, 'use'>
}

export function createMembershipServer(components: MembershipServerComponents): Component {
  return new MembershipServer(components)
}

class MembershipServer implements Component {
  readonly #components: MembershipServerComponents
  readonly #serving = new Set<Promise<void>>()
  #stopping: AbortController | undefined
  #unhandle: (() => Promise<void>) | undefined

  constructor(components: MembershipServerComponents) {
    this.#components = components
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    const stopping = new AbortController()
    this.#stopping = stopping
    this.#unhandle = await this.#components.host.handle(
      MEMBERSHIP_PROTOCOL,
      (pipe) => this.#accept(pipe, stopping.signal),
      { maxStreams: LIMITS.guestStreams.value }
    )
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new LumosError('SHUTTING_DOWN'))
    this.#stopping = undefined
    await this.#unhandle?.()
    this.#unhandle = undefined
    await Promise.all(this.#serving)
  }

  #accept(pipe: FramePipe, stopping: AbortSignal): void {
    const work = this.#serve(pipe, stopping).finally(() => this.#serving.delete(work))
    this.#serving.add(work)
  }

  async #serve(pipe: FramePipe, stopping: AbortSignal): Promise<void> {
    const { clock, logger } = this.#components
    const deadline = startDeadline(clock, LIMITS.membersAsk.value)
    const signal = AbortSignal.any([stopping, deadline.signal])
    const stream = createFrameStream({ clock }, pipe, { signal })
    try {
      const { value, done } = await stream[Symbol.asyncIterator]().next()
      if (done === true) return
      await stream.write(encode(await this.#answer(decode.question(value), pipe.peer)))
      await stream.close()
    } catch (error) {
      const known = toLumosError(error)
      logger.debug('a question about members was not answered', {
        peer: pipe.peer,
        code: known.code
      })
      stream.abort(known)
    } finally {
      deadline.cancel()
    }
  }

  async #answer(question: Question, asker: PeerIdText): Promise<Json> {
    const { book, host, logger } = this.#components
    try {
      if (book.roll === undefined) {
        const peer = asker
        logger.warn('a peer keeps a members list of this swarm; to be on it: lumos join', { peer })
        throw new LumosError('NOT_A_MEMBER', { details: { peer: host.self } })
      }
      if (question.ask === 'join') return await this.#join(book.roll, question, asker)
      return said(book.roll, book.roll.proof(host.self))
    } catch (error) {
      const { code, message, details } = toLumosError(error).toWire()
      logger.info('a peer was not let in', { peer: asker, code })
      return { error: { code, message, ...(details && { details }) } }
    }
  }

  async #join(
    roll: Roll,
    { invite: id, proof, name }: Extract<Question, { ask: 'join' }>,
    joiner: PeerIdText
  ): Promise<Json> {
    const { book, host, invites, logger } = this.#components
    const coming = { inviter: host.self, joiner, standing: standingOf(roll, joiner) }
    const { role, givenAt, house } = await invites.use(id, coming, proof)
    const known = roll.member(joiner)
    // An invite that was there before must not bring back whom somebody has sent away since, just now even.
    if (known?.standing === 'removed' && (house || givenAt <= known.since)) {
      throw new LumosError('INVITE_WITHDRAWN')
    }
    // Who is in already, perhaps as more than the invite says, stays what it is.
    if (roll.roleOf(joiner) === undefined) {
      await book.admit({ peer: joiner, name: isLabel(name) ? name : '' }, role)
      logger.info('a new member joined by invite', { peer: joiner, name, role, invite: id })
    }
    const key = roll.key()
    const statements = new Set([
      ...roll.proof(host.self),
      ...roll.proof(joiner),
      ...(key === undefined ? [] : [...roll.proof(key.by), key])
    ])
    const [current] = book.keys()
    return {
      ...said(roll, [...statements]),
      ...(current && { key: Buffer.from(current.reveal()).toString('hex') })
    }
  }
}

function standingOf(roll: Roll, peer: PeerIdText): ListStanding {
  if (roll.roleOf(peer) !== undefined) return 'in'
  return roll.member(peer) === undefined ? 'unknown' : 'out'
}

function said({ charter }: Roll, statements: readonly Statement[]): JsonObject {
  return { charter: { ...charter }, statements: statements.map((statement) => ({ ...statement })) }
}
