/** Peers tell each other whom they are connected to, for people who look: hints, each worth as much as its teller. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { decodeJsonBody } from '../../protocols/session/json-body.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import { isLabel } from '../../trust/node-name.ts'

export const LINKS_METHOD = 'mesh.links'

/** Answers are used again for this long, so that many who look cost the peers no more than one. */
export const LINKS_FRESH_MS = 3000
/** Who tells its links does not count them anew within this time, however often it is asked. */
const TOLD_FRESH_MS = 1000

/** One connection of whoever tells of it. */
export interface LinkNote {
  readonly peer: PeerIdText
  /** As the peer calls itself. */
  readonly name?: string | undefined
  readonly path: 'direct' | 'relay'
  /** The relay in between. */
  readonly via?: PeerIdText | undefined
  readonly rttMs?: number | undefined
}

/** What a peer said, or the code of why it said nothing that counts. */
export type LinkAnswer = { readonly links: readonly LinkNote[] } | { readonly reason: string }

export interface LinkSurvey {
  /** Of the peers that were asked. */
  readonly answers: ReadonlyMap<PeerIdText, LinkAnswer>
  /** Links that were left out, since each peer has but its share of what a node takes in. */
  readonly omitted: number
  /** Monotonic milliseconds. */
  readonly askedAt: number
}

export interface MeshLinks {
  /** Answers peers; called once, before the sessions start. */
  serve(): void
  /** Asks all connected peers, unless that was done within LINKS_FRESH_MS; never takes longer than LIMITS.meshAsk. */
  survey(signal: AbortSignal): Promise<LinkSurvey>
}

export interface MeshLinksComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly sessions: Pick<Sessions, 'all' | 'methods'>
  /** The connections of this node. */
  readonly own: () => readonly LinkNote[]
}

const peerId = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{8,128}$/)
const note = z.object({
  peer: peerId,
  name: z.string().max(63).optional(),
  path: z.enum(['direct', 'relay']),
  via: peerId.optional(),
  rttMs: z.number().min(0).max(600_000).optional()
})
const answerSchema = z.object({ links: z.array(note).max(LIMITS.connections.value) })

export function createMeshLinks({ clock, sessions, own }: MeshLinksComponents): MeshLinks {
  let latest: LinkSurvey | undefined
  let asking: Promise<LinkSurvey> | undefined

  async function ask(): Promise<LinkSurvey> {
    const askedAt = clock.monotonic()
    const peers = sessions.all().slice(0, LIMITS.connections.value)
    // An equal share each: who tells of a thousand nodes that are not there takes no one else's room.
    const share = Math.floor(LIMITS.meshLinks.value / Math.max(1, peers.length))
    let omitted = 0
    const answers = await Promise.all(
      peers.map(async (session): Promise<[PeerIdText, LinkAnswer]> => {
        const answer = await askOne(session)
        if (!('links' in answer) || answer.links.length <= share) return [session.peer, answer]
        omitted += answer.links.length - share
        return [session.peer, { links: answer.links.slice(0, share) }]
      })
    )
    return { answers: new Map(answers), omitted, askedAt }
  }

  return {
    serve() {
      sessions.methods.request(LINKS_METHOD, createAnswering(clock, own), {
        mostBytes: LIMITS.questionBytes.value
      })
    },
    survey(signal) {
      if (latest !== undefined && clock.monotonic() - latest.askedAt < LINKS_FRESH_MS) {
        return Promise.resolve(latest)
      }
      asking ??= ask().then((survey) => {
        latest = survey
        asking = undefined
        return survey
      })
      return unlessAborted(asking, signal)
    }
  }
}

async function askOne(session: Session): Promise<LinkAnswer> {
  try {
    const body = await session.request(LINKS_METHOD, new Uint8Array(), {
      timeoutMs: LIMITS.meshAsk.value
    })
    return { links: decodeLinks(body, session.peer) }
  } catch (error) {
    return { reason: toLumosError(error).code }
  }
}

/**
 * The connections that `teller` says it has, one for each peer, and never one with itself.
 *
 * @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE
 */
export function decodeLinks(body: Uint8Array, teller: PeerIdText): readonly LinkNote[] {
  const limit = LIMITS.meshLinkBytes.value
  if (body.length > limit) {
    throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: body.length, limit } })
  }
  const links = new Map<PeerIdText, LinkNote>()
  for (const { name, ...link } of decodeJsonBody(answerSchema, body).links) {
    if (link.peer === teller) continue
    // What is no name of a node could do things to a terminal.
    links.set(link.peer, name !== undefined && isLabel(name) ? { ...link, name } : link)
  }
  return [...links.values()]
}

export function encodeLinks(links: readonly LinkNote[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ links }))
}

function createAnswering(clock: Pick<Clock, 'monotonic'>, own: () => readonly LinkNote[]) {
  const asks = createPeerRateLimit({ clock }, { rate: 1, burst: LIMITS.meshAsks.value })
  let told: Uint8Array | undefined
  let toldAt = 0

  return (_: Uint8Array, { peer }: { readonly peer: PeerIdText }): Uint8Array => {
    asks.take(peer, 1)
    const now = clock.monotonic()
    if (told === undefined || now - toldAt >= TOLD_FRESH_MS) {
      told = encodeLinks(own().slice(0, LIMITS.connections.value))
      toldAt = now
    }
    return told
  }
}
