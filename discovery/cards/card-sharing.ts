/** Lets the cards that a node holds share what many of them say alike: extensions, tags, media types, names of skills. */
import { RecentMap } from '../../core/recent-map.ts'
import type { CardVerifier } from '../../trust/card-signature.ts'

/** What is longer is hardly ever said twice. */
const MOST_CHARACTERS = 256
/** Texts, and lists and objects, that are remembered for the next card. What cards hold stays with them. */
const REMEMBERED = 4096

/** The same verifier; of what it returns, the skills are objects of their own and the rest may be that of other cards. */
export function sharingVerifier(verify: CardVerifier): CardVerifier {
  // Two maps: the text `[]` is not the list of nothing.
  const texts = new RecentMap<string, string>(REMEMBERED)
  const structures = new RecentMap<string, object>(REMEMBERED)

  function shared(value: unknown): unknown {
    if (typeof value === 'string') return sharedText(value)
    if (typeof value !== 'object' || value === null) return value
    const copy = Array.isArray(value) ? value.map(shared) : withSharedParts(value)
    const text = JSON.stringify(copy)
    return text.length > MOST_CHARACTERS ? copy : remember(structures, text, copy)
  }

  function sharedText(text: string): string {
    return text.length > MOST_CHARACTERS ? text : remember(texts, text, text)
  }

  function withSharedParts<T extends object>(value: T): T {
    const copy = { ...value }
    for (const [name, part] of Object.entries(copy)) Reflect.set(copy, name, shared(part))
    return copy
  }

  return async (value, about) => {
    const verified = await verify(value, about)
    const { skills, ...rest } = verified.card
    const card = { ...withSharedParts(rest), skills: skills.map(withSharedParts) }
    return { ...verified, peer: sharedText(verified.peer), card }
  }
}

function remember<T>(known: RecentMap<string, T>, name: string, value: T): T {
  const first = known.get(name) ?? value
  known.set(name, first)
  return first
}
