/** Identities and cards for tests: the same seed gives the same key. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { LIBP2P_BINDING, libp2pUrl } from '../../core/a2a.ts'
import type { AgentCard, AgentSkill } from '../../core/a2a.ts'
import { createCardSigner, verifyCard } from '../../trust/card-signature.ts'
import type { SignatureInit, VerifiedCard } from '../../trust/card-signature.ts'
import type { SignedCard } from '../../trust/card-schema.ts'
import { identityOf } from '../../trust/identity.ts'
import type { Identity } from '../../trust/identity.ts'

export async function testIdentity(seed: number): Promise<Identity> {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, seed)
  return identityOf(await generateKeyPairFromSeed('Ed25519', bytes))
}

export function testSkill(id: string, extra: Partial<AgentSkill> = {}): AgentSkill {
  return { id, name: id, description: `does ${id}`, tags: ['test'], ...extra }
}

export function testCard(peer: string, agent: string, extra: Partial<AgentCard> = {}): AgentCard {
  return {
    name: agent,
    description: `the ${agent} agent`,
    supportedInterfaces: [
      {
        url: libp2pUrl(peer),
        protocolBinding: LIBP2P_BINDING,
        tenant: agent,
        protocolVersion: '1.0'
      }
    ],
    version: '1.0.0',
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [testSkill(agent)],
    ...extra
  }
}

/** In force from 0 to 24 h. */
export const SIGNATURE: SignatureInit = { seq: 1, issuedAt: 0, expiresAt: 86_400_000 }

export async function signedCard(
  identity: Identity,
  card: AgentCard,
  init: Partial<SignatureInit> = {}
): Promise<SignedCard> {
  return createCardSigner(identity)(card, { ...SIGNATURE, ...init })
}

/** A verified card of `agent` at `identity`'s node. */
export async function verifiedCard(
  identity: Identity,
  card: AgentCard,
  init: Partial<SignatureInit> = {}
): Promise<VerifiedCard> {
  const signed = await signedCard(identity, card, init)
  return verifyCard(signed, { peer: identity.peer, now: init.issuedAt ?? 0 })
}
