/** Attacks of a member that is asked: what its agents bring. */
import { once } from 'node:events'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { systemClock } from '../../../core/clock.ts'
import { CARD_METHODS } from '../../../discovery/cards/card-protocol.ts'
import { A2A_METHODS, EVENTS_EXTENSION } from '../../../protocols/a2a/constants.ts'
import { chosenTaskId } from '../../../protocols/a2a/extensions.ts'
import { cardDigest, createCardSigner } from '../../../trust/card-signature.ts'
import { identityOf } from '../../../trust/identity.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack, Kit } from '../attack.ts'
import { BAIT } from './canary.ts'
import { cardOf, statement } from './cards.ts'

const PIECE = 'x'.repeat(1024 * 1024)

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** Where an event stands. */
function stamp(seq: number) {
  return { metadata: { [EVENTS_EXTENSION]: { attempt: 1, seq } } }
}

/** The events of a task whose artifact has no end. */
async function* endless(body: Uint8Array, signal: AbortSignal, sent: () => void) {
  const { metadata } = JSON.parse(Buffer.from(body).toString())
  const id = chosenTaskId(metadata)
  const taskId = typeof id === 'string' ? id : ''
  const contextId = crypto.randomUUID()
  const status = { state: 'TASK_STATE_WORKING', timestamp: new Date(0).toISOString() }
  yield encode({ task: { id: taskId, contextId, status, ...stamp(0) } })
  for (let seq = 1; !signal.aborted; seq++) {
    const artifact = { artifactId: 'a', parts: [{ text: PIECE }] }
    const update = { taskId, contextId, artifact, append: seq > 1, lastChunk: false }
    sent()
    yield encode({ artifactUpdate: { ...update, ...stamp(seq) } })
  }
}

/** A member with an agent that the victim's user asks. */
async function offerBait(kit: Kit, serve: (body: Uint8Array) => AsyncIterable<Uint8Array>) {
  const identity = identityOf(await generateKeyPair('Ed25519'))
  const evil = await kit.member({ identity })
  const now = systemClock.now()
  const card = await createCardSigner(identity)(cardOf(evil.peer, BAIT), {
    seq: 1,
    issuedAt: now,
    expiresAt: now + 3_600_000
  })
  evil.sessions.methods.request(CARD_METHODS.get, () => encode({ cards: [card] }))
  evil.sessions.methods.stream(A2A_METHODS.sendStreamingMessage, serve)
  const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
  const cards = [cardDigest(card) ?? '']
  await session.request(CARD_METHODS.presence, statement({ cards }))
  return { evil, session }
}

const oversizedArtifact: Attack = {
  name: 'an artifact without an end',
  threats: [30, 31],
  expected: 'cancelled above `taskOutputBytes`',
  durationMs: 3000,
  lures: true,
  async run(kit) {
    let pieces = 0
    await offerBait(kit, (body) => endless(body, kit.signal, () => (pieces += 1)))
    if (!kit.signal.aborted) await once(kit.signal, 'abort')
    if (pieces === 0) throw new ShowsNothing('nobody asked')
    return `${pieces} MiB in pieces of 1 MiB, of tasks that the victim gave`
  }
}

export const ARTIFACT_ATTACKS: readonly Attack[] = [oversizedArtifact]
