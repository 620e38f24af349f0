/** What this node lets its peers do: their roles, the grants that they have shown, and a word about each refusal. */
import type { Clock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { AuditLog } from './audit-log.ts'
import type { Revocations } from './grants/revocations.ts'
import type { GrantClaims } from './grants/claims.ts'
import { examineGrant, isOfLostKey, presentPlace, readGrant, verifyGrant } from './grants/verify.ts'
import type { GrantCheck, GrantLink, VerifiedGrant } from './grants/verify.ts'
import { idsFrom, NO_HEIRS } from './heirs.ts'
import type { Heirs } from './heirs.ts'
import { operationOf } from './operations.ts'
import { decide } from './policy.ts'
import type { Decision, Wish } from './policy.ts'
import type { Role } from './roles.ts'

export interface Members {
  /** `undefined` for one that is no member. */
  roleOf(peer: PeerIdText): Role | undefined
  /** `false` without a members list, when every key is that of a member, made-up ones too. */
  readonly listed?: boolean
  readonly heirs?: Heirs
}

export interface AuthorityComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly members: Members
  readonly revocations: Pick<Revocations, 'covers'>
  readonly audit: Pick<AuditLog, 'note'>
}

export interface AuthorityInit {
  readonly self: PeerIdText
  /** Id of the swarm. */
  readonly swarm: string
}

export type Permitted = Exclude<Decision, { readonly allowed: false }>

export interface Authority {
  /**
   * Lets the peer call the method, or throws FORBIDDEN. A promise only while grants of the peer are
   * being checked.
   */
  permit(peer: PeerIdText, method: string): Promise<void> | undefined
  /** @throws FORBIDDEN, which the audit log tells of */
  decide(peer: PeerIdText, wish: Wish): Permitted
  /**
   * Likewise, without a word to anybody: somebody else may have named the peer. `more` are grants of it
   * that it has not shown itself ({@link held}).
   */
  judge(peer: PeerIdText, wish: Wish, more?: readonly VerifiedGrant[]): Decision
  /** Those in force of what somebody else shows, who has proved to act for the peer that holds them. */
  held(peer: PeerIdText, tokens: readonly string[]): Promise<readonly VerifiedGrant[]>
  /**
   * Keeps the grants that are in force, in place of those that the peer has shown before; resolves
   * to why others are not.
   */
  present(peer: PeerIdText, tokens: readonly string[]): Promise<readonly LumosError[]>
  /**
   * What this node thinks of a grant, whoever has it and for whichever node it is.
   *
   * @throws GRANT_INVALID when there is nothing to read
   */
  examine(token: string): Promise<readonly GrantLink[]>
  /** Those that a peer has shown. */
  grantsOf(peer: PeerIdText): readonly VerifiedGrant[]
  /** Its session is over. */
  left(peer: PeerIdText): void
}

/** Roles that can give what belongs to the whole swarm. */
const GIVERS: ReadonlySet<Role> = new Set<Role>(['owner', 'admin'])

export function createAuthority(components: AuthorityComponents, init: AuthorityInit): Authority {
  return new NodeAuthority(components, init)
}

class NodeAuthority implements Authority {
  readonly #parts: AuthorityComponents
  readonly #init: AuthorityInit
  /** By peer, as long as its session lasts. */
  readonly #shown = new Map<PeerIdText, readonly VerifiedGrant[]>()
  readonly #checking = new Map<PeerIdText, Promise<unknown>>()

  constructor(parts: AuthorityComponents, init: AuthorityInit) {
    this.#parts = parts
    this.#init = init
  }

  permit(peer: PeerIdText, method: string): Promise<void> | undefined {
    const operation = operationOf(method)
    // Nobody has thought about who may: nobody may.
    if (operation === undefined) throw forbidden(method, 'no-operation')
    const checking = this.#checking.get(peer)
    if (checking === undefined || this.#parts.members.roleOf(peer) !== undefined) {
      this.decide(peer, { operation })
      return undefined
    }
    return checking.then(() => void this.decide(peer, { operation }))
  }

  judge(peer: PeerIdText, wish: Wish, more: readonly VerifiedGrant[] = []): Decision {
    const { clock, members } = this.#parts
    const grants = [...this.grantsOf(peer), ...more]
    const asker = { peer, role: members.roleOf(peer), grants }
    return decide(asker, wish, { ...this.#init, now: clock.now() })
  }

  decide(peer: PeerIdText, wish: Wish): Permitted {
    const decision = this.judge(peer, wish)
    if (decision.allowed) return decision
    const { operation, skills } = wish
    const [what] = skills ?? []
    this.#parts.audit.note({
      who: peer,
      did: operation,
      ...(what !== undefined && { what: what.slice(0, 128) }),
      allowed: false,
      reason: decision.reason
    })
    throw forbidden(operation, decision.reason)
  }

  async present(peer: PeerIdText, tokens: readonly string[]): Promise<readonly LumosError[]> {
    const checking = this.#verify(peer, tokens.slice(0, LIMITS.grantsShown.value))
    this.#checking.set(peer, checking)
    const results = await checking
    // Shown again meanwhile: the later word counts.
    if (this.#checking.get(peer) !== checking) return []
    this.#checking.delete(peer)
    this.#shown.set(peer, inForce(results))
    return results.flatMap((each) =>
      each.status === 'rejected' ? [toLumosError(each.reason)] : []
    )
  }

  async held(peer: PeerIdText, tokens: readonly string[]): Promise<readonly VerifiedGrant[]> {
    return inForce(await this.#verify(peer, tokens))
  }

  /** One at a time: others have their turn meanwhile. */
  async #verify(
    peer: PeerIdText,
    tokens: readonly string[]
  ): Promise<readonly PromiseSettledResult<VerifiedGrant>[]> {
    const results: PromiseSettledResult<VerifiedGrant>[] = []
    for (const token of tokens) {
      // oxlint-disable-next-line no-await-in-loop -- see above
      results.push(...(await Promise.allSettled([verifyGrant(token, this.#check(peer))])))
    }
    return results
  }

  async examine(token: string): Promise<readonly GrantLink[]> {
    const { audience } = readGrant(token)
    return examineGrant(token, {
      ...this.#check(audience),
      isRoot: ({ issuer, with: named }) => {
        const place = presentPlace(named, this.#heirs)
        if (place === `node:${this.#heirs.presentOf(issuer)}`) return true
        const isPlace = place.startsWith('node:') || place === `swarm:${this.#init.swarm}`
        return isPlace && this.#gives(issuer, place)
      }
    })
  }

  grantsOf(peer: PeerIdText): readonly VerifiedGrant[] {
    return (this.#shown.get(peer) ?? []).filter(
      ({ links, with: place }) =>
        this.#gives(links[0]?.issuer ?? '', place) &&
        !links.some((link) => this.#isRevoked(link) || isOfLostKey(link, this.#heirs))
    )
  }

  left(peer: PeerIdText): void {
    this.#shown.delete(peer)
    this.#checking.delete(peer)
  }

  /** Whether a peer may give what is there, now: it may have been sent away since. */
  #gives(issuer: PeerIdText, place: string): boolean {
    const { self } = this.#init
    const peer = this.#heirs.presentOf(issuer)
    if (peer === self && place === `node:${self}`) return true
    const role = this.#parts.members.roleOf(peer)
    return role !== undefined && GIVERS.has(role)
  }

  #check(presenter: PeerIdText): GrantCheck {
    const { self, swarm } = this.#init
    return {
      presenter,
      now: this.#parts.clock.now(),
      isRoot: ({ issuer, with: named }) => {
        const place = presentPlace(named, this.#heirs)
        const isHere = place === `node:${self}` || place === `swarm:${swarm}`
        return isHere && this.#gives(issuer, place)
      },
      isRevoked: (claims) => this.#isRevoked(claims),
      heirs: this.#heirs
    }
  }

  /** By the key that gave it, or by any that its owner has had since. */
  #isRevoked({ id, issuer }: Pick<GrantClaims, 'id' | 'issuer'>): boolean {
    const { revocations } = this.#parts
    return idsFrom(this.#heirs, issuer).some((each) => revocations.covers({ id, issuer: each }))
  }

  get #heirs(): Heirs {
    return this.#parts.members.heirs ?? NO_HEIRS
  }
}

function inForce(results: readonly PromiseSettledResult<VerifiedGrant>[]): VerifiedGrant[] {
  return results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
}

function forbidden(operation: string, reason: string): LumosError {
  return new LumosError('FORBIDDEN', { details: { operation: operation.slice(0, 64), reason } })
}
