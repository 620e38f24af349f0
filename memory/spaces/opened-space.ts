/** One space of a node at work: its replica, what is told of it, and what agents do with it. */
import { EventEmitter } from 'node:events'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Secret } from '../../core/secret.ts'
import type { Store } from '../../storage/store.ts'
import { createGaps } from '../replica/gaps.ts'
import type { Gaps } from '../replica/gaps.ts'
import type { Keeper } from '../repair/keeper.ts'
import { spaceTopic } from '../live/message.ts'
import { createLive } from '../live/live.ts'
import type { Live, LiveComponents } from '../live/live.ts'
import { createLostWrites } from '../replica/lost-writes.ts'
import type { LostWrites } from '../replica/lost-writes.ts'
import type { PageRecord } from '../replica/recent-pages.ts'
import type { AuthorKey } from '../replica/record.ts'
import type { Signer } from '../replica/record-signature.ts'
import type { Draft } from '../replica/replica-writer.ts'
import type { Replica } from '../replica/replica.ts'
import type { MemoryEntry, MemorySpace, PeerSync } from '../shared-memory.ts'
import { watchSpace } from '../watch.ts'
import { createCurrentSeal, createSealedSpace } from './sealed-space.ts'
import type { CurrentSeal } from './sealed-space.ts'
import { createSecretKeeper } from './secret-keeper.ts'
import { createSpaceOwner } from './space-owner.ts'
import type { SpaceOwner } from './space-owner.ts'

export interface OpenedSpaceComponents extends Omit<LiveComponents, 'pubsub'> {
  readonly store: Pick<Store, 'get' | 'iterate' | 'commit'>
  readonly signer: Signer
  /** Of the signer's private key. */
  readonly seed: Secret<Uint8Array>
  /** Told after each statement of this node, when it is the owner. */
  readonly onSaid: () => void
  readonly replica: Replica
  readonly keeper: Pick<Keeper, 'missing' | 'differs'>
  /** Without it nothing is told: peers learn by repair alone. */
  readonly pubsub: LiveComponents['pubsub'] | undefined
  /** How the peers of this node stand. */
  readonly compare: (replica: Replica) => Promise<readonly PeerSync[]>
}

export interface OpenedSpace extends Component {
  readonly memory: MemorySpace
  readonly replica: Replica
  readonly gaps: Gaps
  /** Needs the network, and is started and stopped with it. */
  readonly live: Live | undefined
}

/** What expires is looked for so often; readers do not see it anyway. */
const SWEEP_MS = 10 * 60_000

export function createOpenedSpace(components: OpenedSpaceComponents): OpenedSpace {
  const { clock, random, logger, replica } = components
  const gaps = createGaps(replica)
  const seal = sealOf(components)
  const live = liveOf(components, gaps, seal)
  const lost = createLostWrites(components, replica.space.id)
  const life = createLife()
  let sweeps: Promise<void> = Promise.resolve()

  async function sweepAlways(signal: AbortSignal): Promise<void> {
    while (await clock.sleep(SWEEP_MS * (0.5 + random.next()), signal)) {
      try {
        await replica.sweep()
        await lost.sweep()
      } catch (error) {
        logger.warn('what has expired was not removed', { space: replica.space.name, error })
      }
    }
  }

  // Live updates and those who measure, besides the watchers.
  replica.events.setMaxListeners(LIMITS.memoryWatchers.value + 3)
  replica.events.on('conflict', (conflict) => {
    lost.note(conflict, replica.nameOf(conflict.loser.writer)?.author ?? '')
  })

  return {
    replica,
    gaps,
    live,
    memory: createMemory(components, { live, lost, life, seal }),
    async start() {
      if (!life.begin()) return
      sweeps = sweepAlways(life.signal)
    },
    async stop() {
      life.end()
      await sweeps
      await lost.settle()
      try {
        await replica.rest()
      } catch (error) {
        logger.warn('the next start will take longer', { space: replica.space.name, error })
      }
    }
  }
}

function liveOf(
  { pubsub, replica, keeper, ...rest }: OpenedSpaceComponents,
  gaps: Gaps,
  seal: CurrentSeal | undefined
): Live | undefined {
  if (pubsub === undefined) return undefined
  const { id } = replica.space
  const isMissing = (): boolean => gaps.open
  return createLive(
    { ...rest, pubsub },
    {
      topic: () => topicOf(replica, seal),
      replica,
      gaps,
      onGap: (peers: readonly PeerIdText[]) => keeper.missing(id, peers, isMissing),
      onDifference: (peer) => keeper.differs(id, peer)
    }
  )
}

/** Whoever is no member shall not even know which of the topics around it is that of a sealed space. */
function topicOf({ space }: Replica, seal: CurrentSeal | undefined): string | undefined {
  const name = seal === undefined ? space.id : seal()?.alias
  return name && spaceTopic(name)
}

interface SpaceParts {
  readonly live: Live | undefined
  readonly lost: LostWrites
  readonly life: Life
  /** Of a sealed space. */
  readonly seal: CurrentSeal | undefined
}

function sealOf({ signer, ...components }: OpenedSpaceComponents): CurrentSeal | undefined {
  if (!components.replica.space.sealed) return undefined
  return createCurrentSeal({ ...components, author: signer.author })
}

function createMemory(components: OpenedSpaceComponents, parts: SpaceParts): MemorySpace {
  const { replica, signer } = components
  const { seal } = parts
  if (seal === undefined) {
    return createMemorySpace(components, parts, createSpaceOwner(components))
  }
  const { author } = signer
  const owner = createSpaceOwner({
    ...components,
    secrets: createSecretKeeper({ ...components, author })
  })
  return createSealedSpace(
    { replica, author, seal, begin: () => owner.begin() },
    createMemorySpace(components, parts, owner)
  )
}

function createMemorySpace(
  components: OpenedSpaceComponents,
  { live, lost, life }: SpaceParts,
  owner: SpaceOwner
): MemorySpace {
  const { clock, replica, compare } = components
  const entryOf = (record: PageRecord): MemoryEntry =>
    toEntry(record, replica.nameOf(record.writer)?.author ?? '')
  let watchers = 0

  async function write(draft: Draft): Promise<MemoryEntry> {
    const record = await replica.write(draft)
    live?.tell(record)
    return entryOf(record)
  }

  return {
    ...owner,
    space: replica.space,
    get statements() {
      return replica.statements
    },
    async get(key) {
      const record = await replica.get(key)
      return record && entryOf(record)
    },
    put: (key, value, { ttlMs } = {}) =>
      write({ key, value, ...(ttlMs !== undefined && { ttlMs }) }),
    async delete(key) {
      await write({ key, value: undefined })
    },
    async *list(query = {}) {
      for await (const record of replica.entries(query)) yield entryOf(record)
    },
    newest: async (folder, limit) => (await replica.newest(folder, limit)).map(entryOf),
    async *watch(query = {}, signal) {
      if (watchers >= LIMITS.memoryWatchers.value) throw tooMany(watchers)
      watchers += 1
      const ended = signal === undefined ? life.signal : AbortSignal.any([life.signal, signal])
      try {
        yield* watchSpace({ clock, replica, entryOf }, query, ended)
      } finally {
        watchers -= 1
      }
    },
    async history(key) {
      const record = await replica.get(key)
      const others = (await lost.of(key)).map((each) => toEntry(each.record, each.author))
      return record === undefined ? others : [entryOf(record), ...others]
    },
    async status() {
      const { root, stale } = await replica.summary()
      const [{ records: keys, bytes }, { size: writers }] = [replica.held, replica.vector]
      return { root, keys, bytes, writers, stale, peers: await compare(replica) }
    }
  }
}

function toEntry(record: PageRecord, author: AuthorKey): MemoryEntry {
  const { key, value, writer, time, expires } = record
  return { key, value, author, writer, time, ...(expires !== undefined && { expires }) }
}

function tooMany(watchers: number): LumosError {
  return new LumosError('STORE_BUSY', { details: { waiting: watchers } })
}

interface Life {
  readonly signal: AbortSignal
  /** False when it has begun already. */
  begin(): boolean
  end(): void
}

function createLife(): Life {
  let ended: AbortController | undefined
  const before = AbortSignal.abort()
  return {
    get signal() {
      return ended?.signal ?? before
    },
    begin() {
      if (ended !== undefined) return false
      ended = new AbortController()
      EventEmitter.setMaxListeners(LIMITS.memoryWatchers.value + 2, ended.signal)
      return true
    },
    end() {
      ended?.abort()
      ended = undefined
    }
  }
}
