/** Grants on request of a person: give, keep, look into, take back. */
import { API_VERSION } from '../../client/api.ts'
import type { CreateGrantRequest, GrantDocument, GrantSummary } from '../../client/grants-api.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { GrantOperations } from '../../gateway/control/grant-operations.ts'
import type { Authority } from '../../trust/authority.ts'
import { isPeerId } from '../../trust/grants/claims.ts'
import type { GrantClaims } from '../../trust/grants/claims.ts'
import { readGrant } from '../../trust/grants/verify.ts'
import type { GrantView, NodeGrants } from '../grants.ts'
import { nodeName } from './memory.ts'

export interface GrantOperationsComponents {
  readonly grants: Omit<NodeGrants, 'start' | 'stop'>
  readonly authority: Pick<Authority, 'examine'>
  readonly self: PeerIdText
  /** Id of the swarm. */
  readonly swarm: string
  /** Empty for a node that was never heard of. */
  readonly nameOf: (peer: PeerIdText) => string
  /** @throws PEER_UNKNOWN, PEER_AMBIGUOUS */
  readonly select: (selector: string) => PeerIdText
}

/** Long enough to be worth the typing; what was forgotten is over soon. */
const USUAL_LIFETIME_MS = 7 * 24 * 60 * 60_000

export function createGrantOperations(components: GrantOperationsComponents): GrantOperations {
  const { grants, self, swarm, select } = components
  const documentOf = (token: string) => grantDocument(token, components)
  const summaries = (views: readonly GrantView[]): GrantSummary[] =>
    views.map(({ claims }) => summaryOf(claims, components))

  return {
    list: async () => ({
      v: API_VERSION,
      given: summaries(grants.given()),
      held: summaries(grants.held())
    }),
    async show(grant) {
      const known = [...grants.given(), ...grants.held()]
      // Ids have no dots, tokens have two.
      return documentOf(grant.includes('.') ? grant : only(grant, known).token)
    },
    async create({ peer, can, with: place, limits, lifetimeMs = USUAL_LIFETIME_MS, proof }) {
      const { token } = await grants.create({
        audience: audienceOf(peer, select),
        with: placeOf({ place, proof, here: `node:${self}`, everywhere: `swarm:${swarm}` }),
        can,
        lifetimeMs: proof === undefined ? lifetimeMs : Math.min(lifetimeMs, grants.leftOf(proof)),
        ...(limits && { limits }),
        ...(proof !== undefined && { proof })
      })
      return documentOf(token)
    },
    async add(token) {
      await grants.add(token)
      return documentOf(token)
    },
    async revoke(id) {
      const { token, claims } = only(id, grants.given())
      await grants.revoke(claims.id)
      return documentOf(token)
    }
  }
}

interface Places {
  readonly place: CreateGrantRequest['with']
  readonly proof: string | undefined
  readonly here: string
  readonly everywhere: string
}

function placeOf({ place, proof, here, everywhere }: Places): string {
  if (place === undefined && proof !== undefined) return readGrant(proof).with
  return place === 'swarm' ? everywhere : here
}

async function grantDocument(
  token: string,
  components: GrantOperationsComponents
): Promise<GrantDocument> {
  const links = await components.authority.examine(token)
  return {
    v: API_VERSION,
    token,
    grant: summaryOf(readGrant(token), components),
    valid: links.every(({ error }) => error === undefined),
    chain: links.map(({ claims, error }) => ({
      ...summaryOf(claims, components),
      ...(error && { error: error.toWire() })
    }))
  }
}

function summaryOf(
  { id, issuer, audience, can, limits, with: place, ...claims }: GrantClaims,
  { grants, nameOf }: GrantOperationsComponents
): GrantSummary {
  return {
    id,
    issuer: nodeName(issuer, nameOf),
    audience: nodeName(audience, nameOf),
    can,
    with: place,
    limits,
    issuedAt: new Date(claims.issuedAt).toISOString(),
    expiresAt: new Date(claims.expiresAt).toISOString(),
    state: grants.stateOf({ id, issuer, expiresAt: claims.expiresAt })
  }
}

/** Also a node that was never heard of, when its whole PeerId is given. */
function audienceOf(selector: string, select: GrantOperationsComponents['select']): PeerIdText {
  try {
    return select(selector)
  } catch (error) {
    if (toLumosError(error).code === 'PEER_UNKNOWN' && isPeerId(selector)) return selector
    throw error
  }
}

/** Ids are random: who types a few digits of one means the one that has them. */
function only(id: string, views: readonly GrantView[]): GrantView {
  const fitting = views.filter(({ claims }) => claims.id.startsWith(id) || claims.id.endsWith(id))
  const [view, other] = fitting
  if (view === undefined) throw missing(id)
  if (other === undefined || other.token === view.token) return view
  throw new LumosError('INVALID_REQUEST', {
    details: { reason: `${fitting.length} grants have ${id} in their ids` }
  })
}

function missing(grant: string): LumosError {
  return new LumosError('GRANT_UNKNOWN', { details: { grant: grant.slice(0, 64) } })
}
