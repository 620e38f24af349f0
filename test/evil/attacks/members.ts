/** Attacks on the members list: by a member, by one that was sent away, and by who has only the key of the swarm. */
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { systemClock } from '../../../core/clock.ts'
import type { JsonObject } from '../../../core/json.ts'
import { LIMITS } from '../../../core/limits.ts'
import { encode } from '../../../protocols/membership/codec.ts'
import { MEMBER_METHODS, MEMBERSHIP_PROTOCOL } from '../../../protocols/membership/constants.ts'
import { createFrameStream } from '../../../protocols/frames/frame-stream.ts'
import { createStreamHost } from '../../../protocols/frames/host.ts'
import type { FramePipe } from '../../../protocols/frames/pipe.ts'
import { identityOf } from '../../../trust/identity.ts'
import type { Identity } from '../../../trust/identity.ts'
import type { Roll } from '../../../trust/members/roll.ts'
import { signCharter, signStatement } from '../../../trust/members/statement.ts'
import type { Statement } from '../../../trust/members/statement.ts'
import { ShowsNothing } from '../attack.ts'
import type { MeshNode } from '../../support/mesh-node.ts'
import type { Attack, Invited, Kit } from '../attack.ts'
import { codeOf, dial, repeat, Tally } from './attempts.ts'

/** What a `members.tell` or a proof carries at most. */
const MOST = LIMITS.membersBatch.value
const AT = { appointment: 0, at: systemClock.now() }

export interface Joined extends Invited {
  readonly evil: MeshNode
  /** Of the swarm. */
  readonly key: Uint8Array
}

/** By the invite that somebody gave it. */
export async function joined(kit: Kit): Promise<Joined> {
  const invited = await kit.invited()
  const { identity, roll, book } = invited
  const [secret] = book.keys()
  if (secret === undefined) throw new Error('no key was given')
  const swarm = { name: roll.charter.name, id: roll.charter.swarm, key: secret }
  return { ...invited, evil: await kit.member({ identity, swarm }), key: secret.reveal() }
}

async function somebody(): Promise<Identity> {
  return identityOf(await generateKeyPair('Ed25519'))
}

function altered(statement: Statement | undefined, changes: object): JsonObject {
  if (statement === undefined) throw new Error('there is no statement to alter')
  return { ...statement, ...changes }
}

function news({ charter }: Pick<Roll, 'charter'>, statements: readonly object[]): Uint8Array {
  return encode({ charter: { ...charter }, statements: statements.map((one) => ({ ...one })) })
}

/** Says that it is the owner, that it is an admin, that the honest peer is out, that there is another key. */
async function falseWords(evil: Identity, roll: Roll, honest: string) {
  const { charter } = roll
  const say = (sentence: Parameters<typeof signStatement>[2]): Promise<Statement> =>
    signStatement(evil, charter.swarm, sentence)
  const member = { kind: 'member', name: 'evil', seq: 2 ** 30, ...AT } as const
  const ownWord = roll.statements().find((said) => 'peer' in said && said.peer === evil.peer)
  const signed = await Promise.all([
    say({ ...member, peer: evil.peer, standing: 'owner' }),
    say({ ...member, peer: evil.peer, standing: 'admin', appointment: 1 }),
    say({ ...member, peer: honest, standing: 'removed' }),
    say({ kind: 'key', epoch: 2 ** 30, commitment: 'ab'.repeat(32), covers: roll.shutOut, ...AT })
  ])
  const forged = [
    altered(ownWord, { standing: 'admin', seq: 2 ** 30 }),
    altered(ownWord, { peer: honest, standing: 'removed', seq: 2 ** 30 }),
    altered(roll.key(), { epoch: 2 ** 30 })
  ]
  const own = await signCharter(evil, { ...charter, at: AT.at })
  return [
    ...[...signed, ...forged].map((said) => news(roll, [said])),
    news({ charter: own }, []),
    news({ charter: { ...charter, owner: evil.peer } }, [])
  ]
}

const usurper: Attack = {
  name: 'false words about members',
  threats: [17, 31],
  listed: true,
  expected:
    'ignored: who may say what about whom is known to all; forged ones count against who brought them',
  async run(kit) {
    const { evil, identity, roll } = await joined(kit)
    kit.accuse(evil.peer)
    const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const words = await falseWords(identity, roll, kit.target.honest)
    const { done } = await repeat(kit, async (round) => {
      const body = words[round % words.length] ?? new Uint8Array()
      await session.request(MEMBER_METHODS.tell, body, { signal: kit.signal })
      await pause(10)
    })
    if (done < words.length) throw new ShowsNothing(`${done} answers`)
    return `${done} false words of ${words.length} kinds, none taken`
  }
}

/** The same words of so many strangers: keys cost nothing. */
async function farewells(swarm: string, count: number): Promise<readonly Statement[]> {
  const left = { kind: 'member', standing: 'left', name: '', seq: 1, ...AT } as const
  return Promise.all(
    Array.from({ length: count }, async () => {
      const stranger = await somebody()
      return signStatement(stranger, swarm, { ...left, peer: stranger.peer })
    })
  )
}

const flood: Attack = {
  name: 'flood of words about members',
  threats: [4, 31],
  listed: true,
  durationMs: 5000,
  expected: '`OVERLOADED` above `membersHeardRate`; nothing of what nobody may say is kept',
  async run(kit) {
    const { evil, roll } = await joined(kit)
    const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const body = news(roll, await farewells(roll.charter.swarm, MOST))
    const known = Buffer.alloc(8 * 17 * LIMITS.swarmMembers.value, 'evil').toString('base64')
    const sync = encode({ digest: 'f'.repeat(16), known })
    const tally = new Tally()
    const questions = [
      [MEMBER_METHODS.tell, body],
      [MEMBER_METHODS.sync, sync]
    ] as const
    await repeat(kit, () =>
      Promise.all(
        questions.map(async ([method, asked]) => {
          const answer = session.request(method, asked, { signal: kit.signal })
          tally.add(await answer.then(() => method, codeOf))
        })
      )
    )
    if (tally.count('OVERLOADED') === 0) throw new Error(`nothing was refused: ${tally.text()}`)
    return `${MOST} farewells of strangers, and all ids there could be, at a time: ${tally.text()}`
  }
}

/** Answers whoever asks why it is a member. */
async function answerWith(libp2p: Libp2p, body: Uint8Array, signal: AbortSignal): Promise<Count> {
  const count = { asked: 0 }
  const accept = (pipe: FramePipe): void => {
    count.asked += 1
    const stream = createFrameStream({ clock: systemClock }, pipe, { signal })
    const answer = async (): Promise<void> => {
      await stream.write(body)
      await stream.close()
    }
    void answer().catch(() => undefined)
  }
  const host = createStreamHost({ clock: systemClock, libp2p })
  await host.handle(MEMBERSHIP_PROTOCOL, accept, { maxStreams: 8 })
  return count
}

interface Count {
  readonly asked: number
}

const falseProofs: Attack = {
  name: 'false proofs of membership',
  threats: [5, 17],
  listed: true,
  expected: 'sent away; no more is read than a proof may have',
  async run(kit) {
    const { roll, key } = await joined(kit)
    const { swarm } = roll.charter
    const many = news(roll, await farewells(swarm, MOST))
    const liar = await somebody()
    const self = { kind: 'member', peer: liar.peer, standing: 'member', name: 'x', seq: 9 } as const
    const forged = news(roll, [await signStatement(liar, swarm, { ...self, ...AT })])
    let asked = 0
    await repeat(kit, async (round) => {
      const stranger = await kit.bare({ key })
      const count = await answerWith(stranger, round % 2 === 0 ? many : forged, kit.signal)
      await dial(stranger, kit)
      await pause(100, undefined, { signal: kit.signal })
      asked += count.asked
    })
    if (asked === 0) throw new ShowsNothing('nobody asked')
    return `asked ${asked} strangers for proof, believed none`
  }
}

/** What it gets by its invite, and by knocking as the member that it was, with its farewell for a proof. */
async function comesBack(kit: Kit, { evil, identity }: Joined): Promise<string> {
  const invited = await kit.invited(identity).then(() => 'joined', codeOf)
  const signal = AbortSignal.any([kit.signal, AbortSignal.timeout(500)])
  const knocked = await evil.sessions.connect(kit.target.peer, { signal }).then(
    () => 'let in',
    () => 'sent away'
  )
  return `${invited}, ${knocked}`
}

const outcast: Attack = {
  name: 'a member that was sent away',
  threats: [17, 31],
  listed: true,
  sentAway: true,
  durationMs: 4000,
  expected: 'its sessions end; neither its invite, its key nor words of its own let it in again',
  async run(kit) {
    const self = await joined(kit)
    const { evil, identity, roll } = self
    const session = await evil.sessions.connect(kit.target.peer, { signal: kit.signal })
    const left = { kind: 'member', peer: evil.peer, standing: 'left', name: 'evil', ...AT } as const
    const seq = roll.nextSeq(evil.peer)
    const farewell = await signStatement(identity, roll.charter.swarm, { ...left, seq })
    const proof = news(roll, [...roll.statements(), farewell])
    await answerWith(evil.network.libp2p, proof, kit.signal)
    while (evil.sessions.all().includes(session)) await pause(20, undefined, { signal: kit.signal })
    const tally = new Tally()
    await repeat(kit, async () => tally.add(await comesBack(kit, self)))
    const text = tally.text()
    if (/joined|let in/.test(text)) throw new Error(text)
    if (text === '') throw new ShowsNothing('it did not try')
    return text
  }
}

export const MEMBER_ATTACKS: readonly Attack[] = [usurper, flood, falseProofs, outcast]
