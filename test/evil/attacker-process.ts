/** A process that attacks: one attack after the other, so that what it costs is not the victim's or the honest peer's. */
import { getPriority, setPriority } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { joinSwarm } from '../../node/joining.ts'
import { identityOf } from '../../trust/identity.ts'
import type { Identity } from '../../trust/identity.ts'
import { readInvite } from '../../trust/invites/invite.ts'
import { openSwarmBook } from '../../trust/members/swarm-book.ts'
import { createAttacker } from '../support/attackers.ts'
import { startMeshNode } from '../support/mesh-node.ts'
import { ATTACK_MS, EVIL, ShowsNothing } from './attack.ts'
import type { Attack, AttackReport, Invited, Kit, Target } from './attack.ts'
import { ATTACKS } from './attacks.ts'

export interface AttackOrder {
  readonly target: Target
  readonly name: string
}

export type AttackerMessage =
  | (AttackReport & { readonly name: string })
  /** Nothing of that attack goes on. */
  | { readonly left: string }

/** An attack that got nowhere has more time the second time: only a fault in it gets nowhere then. */
const LONGER = 5
/** Until the victim has forgotten how many connections of this host the attack before it opened in one second. */
const FORGOTTEN_MS = 1500
/** What a dial meets that the victim turns away before it knows who dials. */
const TURNED_AWAY = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE'])

async function carryOut({ target, name }: AttackOrder): Promise<AttackReport> {
  const attack = ATTACKS.find((one) => one.name === name)
  if (attack === undefined) throw new Error(`no attack is called "${name}"`)
  const { durationMs = ATTACK_MS } = attack
  try {
    return await attempt(attack, target, durationMs)
  } catch (error) {
    if (!(error instanceof ShowsNothing)) throw error
  }
  await pause(FORGOTTEN_MS)
  try {
    return await attempt(attack, target, LONGER * durationMs)
  } catch (error) {
    return { met: '', accused: [], success: `it shows nothing: ${String(error)}` }
  }
}

/** @throws ShowsNothing */
async function attempt(attack: Attack, target: Target, durationMs: number): Promise<AttackReport> {
  const closing: (() => Promise<unknown>)[] = []
  const accused = new Set<string>()
  const swarm = { name: 'home', id: target.swarmId, key: new Secret(keyOf(target)) }
  const kit: Kit = {
    target,
    signal: AbortSignal.timeout(durationMs),
    async bare(init = {}) {
      const node = await createAttacker({ key: keyOf(target), ...init })
      closing.push(async () => node.stop())
      return node
    },
    async member(init = {}) {
      const node = await startMeshNode({ swarm, name: EVIL, ...init })
      closing.push(() => node.stop())
      await node.network.libp2p.dial(multiaddr(target.address))
      return node
    },
    invited: (identity) => joinAs(target, identity),
    accuse: (peer) => void accused.add(peer)
  }
  try {
    const outcome = await Promise.race([outcomeOf(attack, kit), unfinished(durationMs)])
    return { ...outcome, accused: [...accused] }
  } finally {
    leaving = leave(closing)
  }
}

async function joinAs({ invite: text = '' }: Target, given?: Identity): Promise<Invited> {
  const shared = { clock: systemClock, random: systemRandom, logger: silentLogger }
  const identity = given ?? identityOf(await generateKeyPair('Ed25519'))
  const invite = await readInvite(text)
  const book = await openSwarmBook({ ...shared, identity }, { name: invite.swarmName })
  await joinSwarm({ ...shared, identity, book }, { invite, name: EVIL })
  if (book.roll === undefined) throw new Error('it joined, and has no list')
  return { identity, book, roll: book.roll }
}

/** Whatever still hangs must not keep the next attack waiting. */
const LEAVE_MS = 5000

/** An attack that is over costs its victim nothing more, so that nothing of it is counted as the next one's. */
async function leave(closing: readonly (() => Promise<unknown>)[]): Promise<void> {
  await Promise.race([Promise.allSettled(closing.map((close) => close())), pause(LEAVE_MS)])
}

let leaving: Promise<void> = Promise.resolve()

/** A fortieth of the processor where their victim wants all of it. */
const LESS_URGENT = 15

/** For what attacks do before they begin, and see to after they end. */
const MORE_MS = 15_000

/** What an attack waits for may never come. */
async function unfinished(durationMs: number): Promise<Omit<AttackReport, 'accused'>> {
  await pause(durationMs + MORE_MS)
  return { met: 'still waiting for an answer at the end' }
}

async function outcomeOf(attack: Attack, kit: Kit): Promise<Omit<AttackReport, 'accused'>> {
  try {
    return { met: await attack.run(kit) }
  } catch (error) {
    if (error instanceof ShowsNothing) throw error
    // What was asked when the time was up.
    if (kit.signal.aborted && isAbort(error)) throw new ShowsNothing('no answer in time')
    if (isTurnedAway(error)) throw new ShowsNothing(String(error))
    return { met: '', success: error instanceof Error ? (error.stack ?? error.message) : 'thrown' }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

function isTurnedAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TURNED_AWAY.has(String(error.code))
}

function keyOf({ swarmKey }: Target): Uint8Array {
  return Buffer.from(swarmKey, 'hex')
}

function tell(message: AttackerMessage): void {
  process.send?.(message)
}

async function serve(order: AttackOrder): Promise<void> {
  const report = await carryOut(order)
  tell({ name: order.name, ...report })
  await leaving
  tell({ left: order.name })
}

// On a machine of their own they would not take the processor from their victim, nor others theirs from them.
setPriority(Math.min(19, getPriority() + LESS_URGENT))
// What attackers leave half done fails later; that is nobody's concern.
process.on('unhandledRejection', () => undefined)
process.on('uncaughtException', () => undefined)
process.on('disconnect', () => process.exit())
process.on('message', (order: AttackOrder) => void serve(order))
process.send?.('ready')
