/** Fetches cards from one session and lets only verified ones into the directory. */
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Session } from '../../protocols/session/session.ts'
import { cardDigest } from '../../trust/card-signature.ts'
import type { CardVerifier } from '../../trust/card-signature.ts'
import type { Directory } from '../directory/directory.ts'
import { CARD_METHODS, decodeJson, encodeJson, getResponse } from './card-protocol.ts'

export interface TransferComponents {
  readonly clock: Clock
  readonly directory: Directory
  readonly verify: CardVerifier
  /** `source` sent a card that was refused. */
  readonly onRefused: (source: PeerIdText, reason: LumosError) => void
}

/** Which peer each wanted digest belongs to. */
export type Wanted = Map<string, PeerIdText>

/** Questions on their way at a time: a newcomer far away would wait a round trip for every 64 cards of the swarm. */
const AT_ONCE = 4
/** Who takes longer for the first answer has others to answer, too: where many start at once all ask the same few. */
const QUICK_MS = 300

/**
 * Asks `session` for `wanted` and removes from it what has arrived, refused or not. Any peer may
 * hand on any card: a card proves itself. Ends when the peer has no more of what is wanted.
 */
export async function transferCards(
  components: TransferComponents,
  { session, wanted, signal }: { session: Session; wanted: Wanted; signal: AbortSignal }
): Promise<void> {
  const asked = new Set<string>()

  async function askOnce(digests: readonly string[]): Promise<void> {
    const body = encodeJson({ digests: [...digests] })
    const response = await session.request(CARD_METHODS.get, body, {
      signal,
      timeoutMs: LIMITS.cardFetchDeadline.value
    })
    const { cards } = decodeJson(getResponse, checkSize(response))
    const taken = await Promise.all(
      cards.map(async (card) => takeCard(components, { card, wanted, source: session.peer }))
    )
    // A response may be cut at its size, so the rest is asked for again until nothing comes.
    if (taken.includes(true)) for (const digest of digests) asked.delete(digest)
  }

  async function askNext(): Promise<boolean> {
    const open = [...wanted.keys()].filter((digest) => !asked.has(digest))
    const digests = open.slice(0, LIMITS.cardsPerFetch.value)
    if (digests.length === 0) return false
    for (const digest of digests) asked.add(digest)
    await askOnce(digests)
    return true
  }

  async function askOn(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- what is cut off is asked for again
    while (await askNext()) continue
  }

  const { clock } = components
  const begun = clock.monotonic()
  if (!(await askNext())) return
  const atOnce = clock.monotonic() - begun < QUICK_MS ? AT_ONCE : 1
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, askOn))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

interface Arrival {
  readonly card: unknown
  readonly wanted: Wanted
  readonly source: PeerIdText
}

/** Whether the card was one of those wanted. */
async function takeCard(
  { clock, directory, verify, onRefused }: TransferComponents,
  { card, wanted, source }: Arrival
): Promise<boolean> {
  const digest = cardDigest(card) ?? ''
  const peer = wanted.get(digest)
  if (peer === undefined) {
    onRefused(source, invalid(source, 'nobody asked for it'))
    return false
  }
  wanted.delete(digest)
  try {
    directory.add(await verify(card, { peer, now: clock.now() }))
  } catch (error) {
    onRefused(source, toLumosError(error))
  }
  return true
}

function checkSize(body: Uint8Array): Uint8Array {
  // One card above the batch limit: a batch always holds at least one.
  const limit = LIMITS.cardBatchBytes.value + LIMITS.cardBytes.value
  if (body.byteLength <= limit) return body
  throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: body.byteLength, limit } })
}

function invalid(peer: PeerIdText, reason: string): LumosError {
  return new LumosError('CARD_INVALID', { details: { peer, reason } })
}
