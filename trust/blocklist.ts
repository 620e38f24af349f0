/** Peers that the user of this node does not want, why, and until when: kept across restarts. */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import { isJsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { JsonFile } from '../storage/json-file.ts'
import type { Membership } from './membership.ts'

export interface Block {
  readonly peer: PeerIdText
  /** Milliseconds since the epoch. */
  readonly at: number
  /** In the words of who blocked it. */
  readonly reason?: string
  /** Milliseconds since the epoch; without it, until it is taken back. */
  readonly until?: number
}

/** Start it before the network: what was blocked is so from the first connection on. Its start throws FILE_DAMAGED. */
export interface Blocklist extends Component {
  /** In force at once; resolves when it is on disk. A second block replaces the first. */
  block(block: Omit<Block, 'at'>): Promise<void>
  /** Resolves to false when it was not blocked. */
  unblock(peer: PeerIdText): Promise<boolean>
  /** A peer that is blocked has another id now. */
  follow(peer: PeerIdText, heir: PeerIdText): Promise<void>
  of(peer: PeerIdText): Block | undefined
  all(): readonly Block[]
}

export interface BlocklistComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly membership: Pick<Membership, 'block' | 'unblock'>
}

/** In the data directory. */
const FILE = 'blocked.json'
/** Of one entry, with the longest reason in characters of four bytes. */
const ENTRY_BYTES = 1200
/** Timers of Node take at most 24 days. */
const LONGEST_WAIT_MS = 60 * 60 * 1000

export function createBlocklist(
  components: BlocklistComponents,
  init: { readonly directory: string }
): Blocklist {
  return new KeptBlocklist(components, init.directory)
}

class KeptBlocklist implements Blocklist {
  readonly #parts: BlocklistComponents
  readonly #file: JsonFile<readonly Block[]>
  readonly #blocks = new Map<PeerIdText, Block>()
  #cancel: () => void = () => undefined
  #started = false

  constructor(parts: BlocklistComponents, directory: string) {
    this.#parts = parts
    this.#file = createJsonFile({
      path: join(directory, FILE),
      maxBytes: ENTRY_BYTES * LIMITS.blockedPeers.value,
      parse: parseBlocks
    })
  }

  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    const kept = await this.#file.readNeeded('nobody would be blocked')
    for (const block of kept ?? []) this.#set(block)
    this.#endWhatIsOver()
  }

  async stop(): Promise<void> {
    this.#started = false
    this.#cancel()
  }

  async block(block: Omit<Block, 'at'>): Promise<void> {
    if (this.#blocks.size >= LIMITS.blockedPeers.value && !this.#blocks.has(block.peer)) {
      throw new TypeError(`more than ${LIMITS.blockedPeers.value} blocked peers`)
    }
    this.#set({ ...block, at: this.#parts.clock.now() })
    this.#endWhatIsOver()
    await this.#write()
  }

  async unblock(peer: PeerIdText): Promise<boolean> {
    if (!this.#blocks.delete(peer)) return false
    this.#parts.membership.unblock(peer)
    await this.#write()
    return true
  }

  async follow(peer: PeerIdText, heir: PeerIdText): Promise<void> {
    const block = this.#blocks.get(peer)
    if (block === undefined) return
    this.#blocks.delete(peer)
    this.#parts.membership.unblock(peer)
    this.#set({ ...block, peer: heir })
    await this.#write()
  }

  of(peer: PeerIdText): Block | undefined {
    return this.#blocks.get(peer)
  }

  all(): readonly Block[] {
    return [...this.#blocks.values()]
  }

  #set(block: Block): void {
    this.#blocks.set(block.peer, block)
    this.#parts.membership.block(block.peer)
  }

  /** And comes back when the next one is. */
  #endWhatIsOver(): void {
    this.#cancel()
    const { clock, logger, membership } = this.#parts
    const now = clock.now()
    let next = Infinity
    for (const { peer, until = Infinity } of this.#blocks.values()) {
      if (until > now) {
        next = Math.min(next, until)
        continue
      }
      this.#blocks.delete(peer)
      membership.unblock(peer)
      logger.info('a peer is not blocked any more: its time is over', { peer })
    }
    if (next === Infinity || !this.#started) return
    const wait = Math.min(next - now, LONGEST_WAIT_MS)
    this.#cancel = clock.after(wait, () => this.#endWhatIsOver())
  }

  #write(): Promise<void> {
    return this.#file.write(this.all())
  }
}

function parseBlocks(document: unknown): readonly Block[] {
  if (!Array.isArray(document)) throw new TypeError('it is no list')
  return document.map(parseBlock)
}

function parseBlock(value: unknown): Block {
  if (!isJsonObject(value)) throw new TypeError('an entry is no object')
  const { peer, at, reason, until } = value
  if (typeof peer !== 'string' || typeof at !== 'number')
    throw new TypeError('an entry is no block')
  return {
    peer,
    at,
    ...(typeof reason === 'string' && { reason }),
    ...(typeof until === 'number' && { until })
  }
}
