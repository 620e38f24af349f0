/** What a card's signature says of itself; the node has verified it before it tells of the card. */
import type { AgentCard } from '../../../core/a2a.ts'
import { isJsonObject } from '../../../core/json.ts'

export interface Signer {
  /** As JOSE names it: EdDSA. */
  readonly algorithm: string
}

export function signerOf({ signatures = [] }: Pick<AgentCard, 'signatures'>): Signer | undefined {
  const [signature] = signatures
  if (signature === undefined) return undefined
  try {
    const text = atob(signature.protected.replaceAll('-', '+').replaceAll('_', '/'))
    const header: unknown = JSON.parse(text)
    const algorithm = isJsonObject(header) ? header['alg'] : undefined
    return { algorithm: typeof algorithm === 'string' ? algorithm : 'unknown' }
  } catch {
    return { algorithm: 'unknown' }
  }
}
