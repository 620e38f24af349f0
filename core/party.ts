/** For whom a node asks that asks for many: what an agent remembers of one is kept from the others. */
import type { Message } from './a2a.ts'

/** In the metadata of a message. A worker learns to tell the asker's clients apart, and not who they are. */
export const PARTY_EXTENSION = 'urn:lumos:a2a:ext:party:1'

/** 128 bits in base64url. */
const PARTY = /^[\w-]{22}$/

/** `undefined` for what the asker itself asks. */
export function partyOf({ metadata }: Pick<Message, 'metadata'>): string | undefined {
  const party = metadata?.[PARTY_EXTENSION]
  return typeof party === 'string' && PARTY.test(party) ? party : undefined
}

/** The same message for that party; whoever sent it may not say another. */
export function withParty(message: Message, party: string | undefined): Message {
  const { metadata, ...rest } = message
  const { [PARTY_EXTENSION]: _, ...others } = metadata ?? {}
  const all = { ...others, ...(party !== undefined && { [PARTY_EXTENSION]: party }) }
  return Object.keys(all).length === 0 ? rest : { ...rest, metadata: all }
}
