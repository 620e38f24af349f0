/** Remembers where peers were, so that a node that restarts alone finds its swarm again. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { readFileBounded, writeJsonAtomic } from '../../storage/atomic-file.ts'
import type { HintEvents, HintSource } from './hint.ts'
import type { KnownPeer } from './peer-book.ts'

/** In the data directory. */
export const REMEMBERED_FILE = 'peers.json'
/** Enough to find a swarm again when most of its nodes have moved; 128 × 8 addresses stay small. */
const REMEMBERED_PEERS = 128
/** Changes are gathered: a lost minute of addresses costs nothing. */
const SAVE_INTERVAL_MS = 30_000
const FILE_BYTES = 512 * 1024

const document = z.object({
  v: z.literal(1),
  swarm: z.string(),
  peers: z
    .array(
      z.object({
        id: z.string().min(8).max(128),
        name: z.string().max(64).optional(),
        addresses: z.array(z.string().max(LIMITS.addressBytes.value)).max(64),
        /** Milliseconds since the epoch. */
        connectedAt: z.number()
      })
    )
    .max(4 * REMEMBERED_PEERS)
})

type Document = z.infer<typeof document>

export interface RememberedComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** The peers known now. */
  readonly peers: () => readonly KnownPeer[]
}

export interface RememberedInit {
  /** The node's data directory. */
  readonly directory: string
  /** Addresses of another swarm are of no use. */
  readonly swarm: string
}

/** For a node that has not run yet: where its first peer is, as if they had met before. */
export async function rememberFirst(
  { directory, swarm }: RememberedInit,
  peer: Document['peers'][number]
): Promise<void> {
  await writeJsonAtomic(join(directory, REMEMBERED_FILE), { v: 1, swarm, peers: [peer] })
}

/** Hints at the peers of last time when started; writes down those of this time, and again on stop. */
export function createRemembered(
  { clock, logger, peers }: RememberedComponents,
  { directory, swarm }: RememberedInit
): HintSource {
  const path = join(directory, REMEMBERED_FILE)
  const events = new EventEmitter<HintEvents>()
  let stopping = new AbortController()
  let saving: Promise<void> | undefined
  let saved = ''

  async function load(): Promise<Document['peers']> {
    try {
      const file = await readFileBounded(path, FILE_BYTES)
      if (file === undefined) return []
      const parsed = document.parse(JSON.parse(Buffer.from(file.content).toString()))
      return parsed.swarm === swarm ? parsed.peers : []
    } catch (error) {
      logger.warn('the remembered peers cannot be read; starting without', { path, error })
      return []
    }
  }

  async function save(): Promise<void> {
    const value = { v: 1, swarm, peers: worthRemembering(peers()) } as const satisfies Document
    const text = JSON.stringify(value.peers)
    // A node that met nobody keeps what it knew: next time the swarm may be there again.
    if (text === saved || value.peers.length === 0) return
    try {
      await writeJsonAtomic(path, value)
      saved = text
    } catch (error) {
      logger.warn('the peers cannot be remembered', { path, error })
    }
  }

  async function repeat(stopped: AbortSignal): Promise<void> {
    while (await clock.sleep(SAVE_INTERVAL_MS, stopped)) await save()
  }

  return {
    events,
    async start() {
      if (saving !== undefined) return
      stopping = new AbortController()
      for (const { id, name, addresses } of await load()) {
        const called = name === undefined ? {} : { name }
        events.emit('found', { peer: id, addresses, foundBy: 'remembered', ...called })
      }
      saving = repeat(stopping.signal)
    },
    async stop() {
      if (saving === undefined) return
      stopping.abort()
      await saving
      saving = undefined
      await save()
    }
  }
}

/** Peers there was a session with, the latest first. */
function worthRemembering(peers: readonly KnownPeer[]): Document['peers'] {
  return peers
    .flatMap(({ peer, name, addresses, connectedAt }) =>
      connectedAt === undefined || addresses.length === 0
        ? []
        : [
            {
              id: peer,
              ...(name !== undefined && { name }),
              addresses: [...addresses],
              connectedAt
            }
          ]
    )
    .toSorted((a, b) => b.connectedAt - a.connectedAt)
    .slice(0, REMEMBERED_PEERS)
}
