/** Floods of words on which grants were taken back, by a member: lies, and what it may well say. */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { systemClock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'
import { decodeRevoked, encode, GRANT_METHODS } from '../../../protocols/grants/messages.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { readRevocation, signRevocation } from '../../../trust/grants/revocations.ts'
import { identityOf } from '../../../trust/identity.ts'
import type { Identity } from '../../../trust/identity.ts'
import type { Attack, Kit } from '../attack.ts'
import { codeOf, repeatAtOnce, Tally } from './attempts.ts'
import { joined } from './members.ts'
import type { Joined } from './members.ts'

const AT_ONCE = LIMITS.revocationsAtOnce.value
const PER_ISSUER = LIMITS.revocationsPerIssuer.value
const MADE_UP_ISSUERS = 10
const MADE_UP_EACH = 200
/** Messages of the flood under way at the same time. */
const FLOOD_AT_ONCE = 8
const HONEST_EACH_MS = 250
/** Both ends share the processor with the flood. */
const HONEST_PATIENCE_MS = 5000

/** What is signed is forgotten soon after the attack: it is not to weigh on the next one. */
function signedBy(identity: Identity, id = idOf()): Promise<string> {
  const expiresAt = systemClock.now() - LIMITS.clockLeeway.value + 60_000
  return signRevocation(identity, { id, expiresAt }).then(({ token }) => token)
}

function idOf(): string {
  return randomBytes(16).toString('hex')
}

function signedOften(identity: Identity, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => signedBy(identity)))
}

async function signedByMadeUp(): Promise<readonly string[]> {
  const tokens: string[] = []
  for (let issuer = 0; issuer < MADE_UP_ISSUERS; issuer++) {
    const identity = identityOf(await generateKeyPair('Ed25519'))
    tokens.push(...(await signedOften(identity, MADE_UP_EACH)))
  }
  return tokens
}

/** What `issuer` never said, with a signature of somebody else. */
function forged(token: string, issuer: string, id = idOf()): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const lie = Buffer.from(JSON.stringify({ ...claims, iss: issuer, jti: id }))
  return [header, lie.toString('base64url'), signature].join('.')
}

/** Messages of as many as one may have. */
function messagesOf(tokens: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(tokens.length / AT_ONCE)
  return Array.from({ length: count }, (_, at) => tokens.slice(at * AT_ONCE, (at + 1) * AT_ONCE))
}

function nth<Item>(items: readonly Item[], at: number): Item {
  const item = items[at % items.length]
  if (item === undefined) throw new Error('there is none')
  return item
}

function tell(
  session: Session,
  tokens: readonly string[],
  signal?: AbortSignal
): Promise<Uint8Array> {
  const body = encode({ v: 1, tokens })
  return session.request(GRANT_METHODS.revoked, body, { ...(signal && { signal }) })
}

/** All that the victim tells a member of; with a session that begins now, all that it knows. */
async function listen(member: Joined, victim: string): Promise<ReadonlySet<string>> {
  const { sessions } = member.evil
  const heard = new Set<string>()
  sessions.methods.request(
    GRANT_METHODS.revoked,
    (body) => {
      for (const token of decodeRevoked(body).tokens) heard.add(token)
      return encode({ v: 1, refused: [] })
    },
    { mostBytes: LIMITS.messageBytes.value }
  )
  await sessions.disconnect(victim)
  await sessions.connect(victim)
  return heard
}

async function comesTrue(isTrue: () => boolean): Promise<boolean> {
  const end = performance.now() + HONEST_PATIENCE_MS
  while (!isTrue() && performance.now() < end) await pause(5)
  return isTrue()
}

interface Honest {
  readonly told: readonly string[]
  /** Until another member had heard of it from the victim. */
  readonly slowestMs: number
}

/** A member takes back what it gave, again and again, as long as the flood lasts. */
async function takeBack(
  { signal }: Kit,
  { identity, session }: { readonly identity: Identity; readonly session: Session },
  heard: ReadonlySet<string>
): Promise<Honest> {
  const told: string[] = []
  let slowestMs = 0
  do {
    const token = await signedBy(identity)
    const begun = performance.now()
    await tell(session, [token])
    if (!(await comesTrue(() => heard.has(token)))) throw new Error('an honest one was not heard')
    slowestMs = Math.max(slowestMs, performance.now() - begun)
    told.push(token)
    await pause(HONEST_EACH_MS)
  } while (!signal.aborted)
  return { told, slowestMs }
}

/** Lies about the grants of honest peers, all that it may say of its own, and what nobody knows who says it. */
async function wordsOf({ identity }: Joined, { target }: Kit) {
  const own = await signedOften(identity, PER_ISSUER + AT_ONCE)
  const [first = ''] = own
  const lies = (): readonly string[] => [
    forged(first, target.peer, target.grant),
    ...Array.from({ length: AT_ONCE - 1 }, () => forged(first, target.honest))
  ]
  const madeUp = await signedByMadeUp()
  const [ofOwn, ofMadeUp] = [messagesOf(own), messagesOf(madeUp)]
  // First its own, as long as it is heard; then they are known, and told again.
  const message = (round: number): readonly string[] => {
    if (round < ofOwn.length) return nth(ofOwn, round)
    if (round % 2 === 0) return lies()
    return nth(round % 4 === 1 ? ofMadeUp : ofOwn, round)
  }
  return { own: new Set(own), madeUp: new Set(madeUp), message }
}

interface Words {
  readonly own: ReadonlySet<string>
  readonly madeUp: ReadonlySet<string>
}

/** Resolves to how many of its own. @throws when the victim told of what it was not to keep */
async function checkKept(kept: ReadonlySet<string>, { own, madeUp }: Words): Promise<number> {
  const now = systemClock.now()
  const read = await Promise.all(Array.from(kept, (token) => readRevocation(token, now)))
  const lies = read.filter((each) => each === undefined).length
  const [ofOwn, ofMadeUp] = [own, madeUp].map(
    (words) => [...words].filter((token) => kept.has(token)).length
  )
  if (lies > 0 || ofMadeUp !== 0 || ofOwn === undefined || ofOwn > PER_ISSUER) {
    throw new Error(`it kept ${lies} lies, ${ofMadeUp} of nobody, ${ofOwn} of one member`)
  }
  return ofOwn
}

const flood: Attack = {
  name: 'flood of revocations',
  threats: [4, 17, 31],
  listed: true,
  durationMs: 6000,
  expected:
    '`OVERLOADED` above `grantChecksRate`; no more of one issuer than `revocationsPerIssuer`, none forged; what others take back is heard and passed on',
  async run(kit) {
    const { peer: victim } = kit.target
    const [evil, honest, near] = [await joined(kit), await joined(kit), await joined(kit)]
    kit.accuse(evil.evil.peer)
    const words = await wordsOf(evil, kit)
    const heard = await listen(near, victim)
    const session = await evil.evil.sessions.connect(victim, { signal: kit.signal })
    const honestly = {
      identity: honest.identity,
      session: await honest.evil.sessions.connect(victim)
    }
    const tally = new Tally()
    let round = 0
    const [{ told, slowestMs }] = await Promise.all([
      takeBack(kit, honestly, heard),
      repeatAtOnce(kit, FLOOD_AT_ONCE, async () => {
        tally.add(
          await tell(session, words.message(round++), kit.signal).then(() => 'heard', codeOf)
        )
      })
    ])
    if (tally.count('OVERLOADED') === 0) throw new Error(`nothing was refused: ${tally.text()}`)
    const known = await listen(await joined(kit), victim)
    if (!(await comesTrue(() => told.every((token) => known.has(token))))) {
      throw new Error('honest ones were forgotten')
    }
    const kept = await checkKept(new Set([...heard, ...known]), words)
    return `${tally.text()} of ${AT_ONCE} each, ${kept} of its own kept; ${told.length} of an honest member passed on within ${Math.round(slowestMs)} ms`
  }
}

export const REVOCATION_ATTACKS: readonly Attack[] = [flood]
