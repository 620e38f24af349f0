/**
 * Gives a node another key while it is down: the swarms it is in hear by its last words who it is from now
 * on. Whatever crashes, the same command goes on where it was.
 */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { createFileAtomic, syncDirectory } from '../../storage/atomic-file.ts'
import { readFormerKeys, removeOtherFormerKeys, writeFormerKeys } from '../../trust/former-keys.ts'
import { identityOf, KEY_FILE, NEXT_KEY_FILE } from '../../trust/identity.ts'
import type { Identity } from '../../trust/identity.ts'
import { invitesFile } from '../../trust/invites/ledger.ts'
import type { SuccessionReason } from '../../trust/members/statement.ts'
import { openSwarmBook } from '../../trust/members/swarm-book.ts'
import type { SwarmBook } from '../../trust/members/swarm-book.ts'
import { swarmNamesIn } from '../swarm-command.ts'

export interface RotationInit {
  readonly clock: Clock
  readonly random: Random
  /** The data directory. */
  readonly directory: string
  /** The swarm that a start would take; without its list the node would come as a stranger. */
  readonly swarm: string
  readonly reason: SuccessionReason
  readonly old: Ed25519PrivateKey
  /** The one that an earlier run has made; it may or may not have said so already. */
  readonly begun: Ed25519PrivateKey | undefined
  /** What the file of a key holds: as that of the old one, behind the same passphrase. */
  readonly textOf: (key: Ed25519PrivateKey) => Promise<string>
}

export interface Rotation {
  readonly was: PeerIdText
  readonly peer: PeerIdText
  /** Those whose members will know it. */
  readonly swarms: readonly string[]
}

/** @throws SUCCESSION_REFUSED, KEY_SUCCEEDED, IDENTITY_INVALID, HOME_UNUSABLE */
export async function rotateKey(init: RotationInit): Promise<Rotation> {
  const { directory, swarm, random, reason } = init
  const old = identityOf(init.old)
  const names = await swarmNamesIn(directory)
  const books = new Map<string, SwarmBook>()
  for (const name of new Set([swarm, ...names])) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of small files
    books.set(name, await openSwarmBook(parts(init, old), { dataDirectory: directory, name }))
  }
  requireListed({ swarm, old, begun: init.begun?.publicKey.toString() }, books.get(swarm))
  const former = await readFormerKeys(directory, old)
  const next = identityOf(init.begun ?? (await begin(init)))
  const swarms: string[] = []
  for (const [name, book] of books) {
    const isSaid = book.roll?.heirOf(old.peer) === next.peer
    // oxlint-disable-next-line no-await-in-loop -- each is on disk before the next
    if (isSaid || (await book.succeed(next, reason))) swarms.push(name)
    // They name the old id: nobody would find this node by them.
    // oxlint-disable-next-line no-await-in-loop -- as above
    await rm(join(directory, invitesFile(name)), { force: true })
  }
  await writeFormerKeys(directory, { present: next, former: [...former, old] }, random)
  await rename(join(directory, NEXT_KEY_FILE), join(directory, KEY_FILE))
  await syncDirectory(directory)
  await removeOtherFormerKeys(directory, next.peer)
  return { was: old.peer, peer: next.peer, swarms }
}

async function begin({ directory, textOf }: RotationInit): Promise<Ed25519PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  const path = join(directory, NEXT_KEY_FILE)
  if (await createFileAtomic(path, await textOf(key))) return key
  throw new LumosError('KEY_ROTATING')
}

interface Wish {
  readonly swarm: string
  readonly old: Identity
  readonly begun: PeerIdText | undefined
}

/** Before anything is written: who is on no list would only lose who it was. */
function requireListed({ swarm, old, begun }: Wish, book: SwarmBook | undefined): void {
  const roll = book?.roll
  const { peer } = old
  const heir = roll?.heirOf(peer)
  if (heir !== undefined && heir === begun) return
  if (heir !== undefined) throw new LumosError('KEY_SUCCEEDED', { details: { peer, heir } })
  if (roll?.roleOf(peer) !== undefined) return
  const reason =
    roll === undefined
      ? 'it keeps no list of members, so that nobody would know this node again'
      : 'this node is not on its list'
  throw new LumosError('SUCCESSION_REFUSED', { details: { swarm, reason } })
}

function parts({ clock, random }: RotationInit, identity: Identity) {
  return { clock, random, logger: silentLogger, identity }
}
