/**
 * Nodes of one user on one host need no words to be together: where a list is kept, the node that
 * may let others in leaves an invite where only this user can read it.
 */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import { readFileBounded, writeFileAtomic } from '../storage/atomic-file.ts'
import { ensurePrivateDirectory } from '../storage/private-directory.ts'
import { encodeInvite, keysOf } from '../trust/invites/invite.ts'
import type { Identity } from '../trust/identity.ts'
import type { Network } from './libp2p/network.ts'
import type { NodeSwarm } from './swarm.ts'

const FILE_BYTES = 1024
const SECRET_BYTES = 16
/** Renewed at each start of the node that keeps it. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000

/** What another node of this user left; `undefined` when there is none. */
export async function readHouseInvite(
  runtimeDirectory: string,
  swarm: string
): Promise<Secret<string> | undefined> {
  const file = await readFileBounded(pathOf(runtimeDirectory, swarm), FILE_BYTES)
  if (file === undefined || file.uid !== process.getuid?.()) return undefined
  return new Secret(Buffer.from(file.content).toString().trim())
}

export interface HouseInviteComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly logger: Logger
  readonly identity: Identity
  readonly network: Pick<Network, 'addresses'>
  readonly nodeSwarm: NodeSwarm
}

/** Start it after the network, whose addresses it tells. */
export function createHouseInvite(
  components: HouseInviteComponents,
  runtimeDirectory: string
): Component {
  const { logger, identity, nodeSwarm } = components
  const { book } = nodeSwarm
  let left: number | undefined

  /** Again with each appointment of this node, the first of which may come while it runs. */
  async function leave(): Promise<void> {
    const appointment = book.roll?.appointmentOf(identity.peer)
    if (appointment === undefined || appointment === left) return
    left = appointment
    await writeHouseInvite(components, runtimeDirectory)
  }

  const onChanged = (): void => {
    leave().catch((error: unknown) => {
      logger.warn('no invite was left for other nodes of this host', { error })
    })
  }

  return {
    async start() {
      book.events.on('changed', onChanged)
      await leave()
    },
    async stop() {
      book.events.off('changed', onChanged)
      left = undefined
    }
  }
}

async function writeHouseInvite(
  { clock, random, identity, network, nodeSwarm }: HouseInviteComponents,
  runtimeDirectory: string
): Promise<void> {
  const { invites, swarm } = nodeSwarm
  const secret = new Secret(random.bytes(SECRET_BYTES))
  const expiresAt = Math.floor((clock.now() + LIFETIME_MS) / 1000) * 1000
  const addresses = network.addresses().map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
  const text = await encodeInvite(identity, {
    swarm: swarm.id,
    swarmName: swarm.name,
    inviter: identity.peer,
    addresses: addresses.filter((address) => !address.includes('/p2p-circuit')),
    role: 'member',
    expiresAt,
    secret
  })
  await invites.replaceHouse(keysOf(secret), {
    role: 'member',
    expiresAt,
    uses: LIMITS.inviteUses.value
  })
  await ensurePrivateDirectory(runtimeDirectory)
  await writeFileAtomic(pathOf(runtimeDirectory, swarm.name), `${text}\n`)
}

function pathOf(runtimeDirectory: string, swarm: string): string {
  return join(runtimeDirectory, `swarm-${swarm}.invite`)
}
