/** Joins the grants of a node: those it holds, those it gave, and which were taken back. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import type { Component } from '../core/component.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { createGrantExchange } from '../protocols/grants/exchange.ts'
import type { GrantExchange } from '../protocols/grants/exchange.ts'
import { roomOf } from '../protocols/grants/rooms.ts'
import type { Sessions } from '../protocols/session/session.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { JsonFile } from '../storage/json-file.ts'
import type { Authority, Members } from '../trust/authority.ts'
import type { GrantClaims } from '../trust/grants/claims.ts'
import type { Blame } from '../trust/blame.ts'
import { createGrantIssuer } from '../trust/grants/issue.ts'
import type { GrantInit, IssuedGrant } from '../trust/grants/issue.ts'
import { readRevocation, signRevocation } from '../trust/grants/revocations.ts'
import type { Revocations } from '../trust/grants/revocations.ts'
import { presentPlace, readGrant } from '../trust/grants/verify.ts'
import { idsFrom, NO_HEIRS } from '../trust/heirs.ts'
import type { Identity } from '../trust/identity.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeGrantsComponents extends NodeComponents {
  readonly sessions: Pick<Sessions, 'all' | 'events' | 'methods'>
  readonly authority: Pick<Authority, 'present' | 'examine'>
  readonly members: Members
  readonly revocations: Revocations
  readonly blame: Pick<Blame, 'add'>
}

export interface NodeGrantsInit {
  readonly identity: Identity
  readonly dataDirectory: string
}

export type GrantState = 'in-force' | 'expired' | 'revoked'

/** A grant that this node holds, or that it gave. */
export interface GrantView {
  readonly token: string
  readonly claims: GrantClaims
}

export interface NodeGrantsEvents {
  /** Grants of this node were shown to a peer, which may let it do more now. */
  shown: [peer: PeerIdText]
}

/** Started, it shows grants to peers and hears which were taken back. */
export interface NodeGrants extends Component {
  readonly events: EventEmitter<NodeGrantsEvents>
  /** @throws GRANT_INVALID, OVERLOADED when it has given too many */
  create(init: GrantInit): Promise<IssuedGrant>
  /** Keeps a grant that was given to this node, and shows it. @throws GRANT_INVALID */
  add(token: string): Promise<GrantView>
  held(): readonly GrantView[]
  given(): readonly GrantView[]
  stateOf(claims: Pick<GrantClaims, 'id' | 'issuer' | 'expiresAt'>): GrantState
  /** Milliseconds until a grant ends. @throws GRANT_INVALID */
  leftOf(token: string): number
  /** Of a grant that this node gave. @throws GRANT_UNKNOWN */
  revoke(id: string): Promise<GrantView>
}

const document = z.strictObject({
  v: z.literal(1),
  held: z.array(z.string()),
  given: z.array(z.string()),
  revoked: z.array(z.string())
})

type Kept = z.infer<typeof document>

const { grantsHeld, grantsGiven, grantBytes } = LIMITS
const { revocations: revocationsOfOthers, revocationsPerIssuer, revocationBytes } = LIMITS
/** Of a line, beside its token: indent, quotes, comma, end. */
const LINE_BYTES = 8
const GRANTS = grantsHeld.value + grantsGiven.value
const REVOCATIONS = revocationsOfOthers.value + revocationsPerIssuer.value

/** All that there can be, each as long as it may be: what is written can be read at the next start. */
export const GRANTS_FILE_BYTES =
  GRANTS * (grantBytes.value + LINE_BYTES) +
  REVOCATIONS * (revocationBytes.value + LINE_BYTES) +
  1024

/** The file is written whole: what peers tell one by one is written together. */
const KEEP_PAUSE_MS = 1000

export function createNodeGrants(
  components: NodeGrantsComponents,
  init: NodeGrantsInit
): NodeGrants {
  return new KeptGrants(components, init)
}

class KeptGrants implements NodeGrants {
  readonly events = new EventEmitter<NodeGrantsEvents>()
  readonly #parts: NodeGrantsComponents
  readonly #identity: Identity
  readonly #file: JsonFile<Kept>
  readonly #exchange: GrantExchange
  #held: readonly string[] = []
  #given: readonly string[] = []
  /** Ends the wait for it. */
  #keepingSoon: (() => void) | undefined

  constructor(parts: NodeGrantsComponents, { identity, dataDirectory }: NodeGrantsInit) {
    this.#parts = parts
    this.#identity = identity
    this.#file = createJsonFile<Kept>({
      path: join(dataDirectory, 'grants.json'),
      maxBytes: GRANTS_FILE_BYTES,
      parse: (value) => document.parse(value)
    })
    const now = () => parts.clock.now()
    this.#exchange = createGrantExchange({
      ...parts,
      grantsFor: (peer) => this.#held.filter((token) => this.#isFor(readGrant(token), peer, now())),
      onShown: (peer) => this.events.emit('shown', peer),
      keep: () => this.#keep(),
      keepSoon: () => this.#keepSoon()
    })
  }

  async start(): Promise<void> {
    const { clock, revocations, members } = this.#parts
    const kept = await this.#file.readNeeded('grants that were taken back would count again')
    this.#held = kept?.held ?? []
    this.#given = kept?.given ?? []
    for (const token of kept?.revoked ?? []) {
      // oxlint-disable-next-line no-await-in-loop -- once a start
      const revocation = await readRevocation(token, clock.now())
      if (revocation !== undefined) {
        revocations.add(revocation, roomOf(members, revocation.issuer))
      }
    }
    await this.#exchange.start()
  }

  async stop(): Promise<void> {
    await this.#exchange.stop()
    if (this.#keepingSoon === undefined) return
    this.#keepingSoon()
    await this.#keepHeard()
  }

  async create(wanted: GrantInit): Promise<IssuedGrant> {
    // As long as its revocation is remembered: so there is always room to take back what was given.
    this.#given = this.#inForce(this.#given, LIMITS.clockLeeway.value)
    if (this.#given.length >= LIMITS.grantsGiven.value) {
      throw new LumosError('OVERLOADED', { details: { reason: 'too many grants are in force' } })
    }
    const issued = await createGrantIssuer(this.#parts, this.#identity)(wanted)
    // Whoever gets it would only learn by and by that it is worth nothing.
    const links = await this.#parts.authority.examine(issued.token)
    for (const { error } of links) if (error !== undefined) throw error
    this.#given = [...this.#given, issued.token]
    await this.#keep()
    return issued
  }

  async add(token: string): Promise<GrantView> {
    const { audience } = readGrant(token)
    if (this.#presentOf(audience) !== this.#identity.peer) throw invalid(`it is for ${audience}`)
    const known = this.#inForce(this.#held).filter((each) => each !== token)
    if (known.length >= LIMITS.grantsHeld.value) throw invalid('this node holds too many')
    this.#held = [...known, token]
    await this.#keep()
    this.#exchange.showAll()
    return viewOf(token)
  }

  held(): readonly GrantView[] {
    return this.#held.map(viewOf)
  }

  given(): readonly GrantView[] {
    return this.#given.map(viewOf)
  }

  async revoke(id: string): Promise<GrantView> {
    const token = this.#given.find((each) => readGrant(each).id === id)
    if (token === undefined) throw new LumosError('GRANT_UNKNOWN', { details: { grant: id } })
    await this.#exchange.tell(await signRevocation(this.#identity, readGrant(token)))
    return viewOf(token)
  }

  #keepSoon(): void {
    this.#keepingSoon ??= this.#parts.clock.after(KEEP_PAUSE_MS, () => void this.#keepHeard())
  }

  async #keepHeard(): Promise<void> {
    this.#keepingSoon = undefined
    try {
      await this.#keep()
    } catch (error) {
      const { code, message } = toLumosError(error)
      const told = { code, reason: message }
      this.#parts.logger.error('which grants were taken back could not be written down', told)
    }
  }

  #keep(): Promise<void> {
    const revoked = this.#parts.revocations.list().map(({ token }) => token)
    return this.#file.write({ v: 1, held: [...this.#held], given: [...this.#given], revoked })
  }

  stateOf(claims: Pick<GrantClaims, 'id' | 'issuer' | 'expiresAt'>): GrantState {
    const { clock, revocations, members } = this.#parts
    const issuers = idsFrom(members.heirs ?? NO_HEIRS, claims.issuer)
    if (issuers.some((issuer) => revocations.covers({ ...claims, issuer }))) return 'revoked'
    return claims.expiresAt > clock.now() ? 'in-force' : 'expired'
  }

  leftOf(token: string): number {
    return readGrant(token).expiresAt - this.#parts.clock.now()
  }

  /** A grant of another node alone would only tell this peer of it. */
  #isFor({ with: named, expiresAt }: GrantClaims, peer: PeerIdText, now: number): boolean {
    const place = presentPlace(named, this.#parts.members.heirs ?? NO_HEIRS)
    const isElsewhere = place.startsWith('node:') && place !== `node:${peer}`
    return expiresAt > now && !isElsewhere
  }

  #presentOf(peer: PeerIdText): PeerIdText {
    return this.#parts.members.heirs?.presentOf(peer) ?? peer
  }

  #inForce(tokens: readonly string[], leewayMs = 0): readonly string[] {
    const now = this.#parts.clock.now()
    return tokens.filter((token) => readGrant(token).expiresAt + leewayMs >= now)
  }
}

function viewOf(token: string): GrantView {
  return { token, claims: readGrant(token) }
}

function invalid(reason: string): LumosError {
  return new LumosError('GRANT_INVALID', { details: { reason } })
}
