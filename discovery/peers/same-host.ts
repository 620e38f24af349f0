/**
 * Nodes of one OS user on one host find each other by files in the runtime directory: it works where
 * multicast does not (CI, containers, VPN), and it tells who belongs to which swarm before any dial.
 */
import { EventEmitter } from 'node:events'
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { readFileBounded, writeJsonAtomic } from '../../storage/atomic-file.ts'
import { ensurePrivateDirectory } from '../../storage/private-directory.ts'
import type { HintEvents, HintSource } from './hint.ts'
import type { ProcessTable } from './process-table.ts'

/** Below the runtime directory. */
export const PEERS_FOLDER = 'peers.d'
/** File systems that report no changes (some network mounts) are looked at so often. */
const POLL_MS = 5000
/** Several changes that come together are one look. */
const SETTLE_MS = 50
/** A file whose process is gone is deleted when it is so old: its node may just be restarting. */
const STALE_MS = 60_000

const record = z.looseObject({
  v: z.literal(1),
  peer: z.string().min(8).max(128),
  swarm: z.string().max(64),
  name: z.string().max(64),
  pid: z.int().positive(),
  /** When the process began, so that a reused pid is not taken for it. */
  started: z.string().max(64).optional(),
  instance: z.string().max(64),
  addresses: z.array(z.string().max(LIMITS.addressBytes.value)).max(64)
})

export type SameHostRecord = z.infer<typeof record>

export interface SameHostComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly processes: ProcessTable
  /** Where this node listens now. */
  readonly addresses: () => readonly string[]
  /** Another live process has come to use the key of this node. */
  readonly onDuplicate: (error: LumosError) => void
}

export interface SameHostInit {
  /** The per-user runtime directory (`NodePaths.runtime`). */
  readonly directory: string
  readonly peer: PeerIdText
  readonly swarm: string
  readonly name: string
  /** Random per process start, as in HELLO. */
  readonly instance: string
}

export interface SameHost extends HintSource {
  /** Writes this node's file anew: its addresses have changed. */
  publish(): Promise<void>
}

/** @throws DUPLICATE_KEY from `start` when another live process has this node's key */
export function createSameHost(components: SameHostComponents, init: SameHostInit): SameHost {
  return new SameHostRegistry(components, init)
}

class SameHostRegistry implements SameHost {
  readonly events = new EventEmitter<HintEvents>()
  readonly #parts: SameHostComponents
  readonly #init: SameHostInit
  readonly #folder: string
  /** Instance and addresses last reported, for each peer. */
  readonly #reported = new Map<PeerIdText, string>()
  #published: Promise<void> = Promise.resolve()
  #watcher: FSWatcher | undefined
  #stopping: AbortController | undefined
  #loop: Promise<void> | undefined
  #wake: (() => void) | undefined

  constructor(parts: SameHostComponents, init: SameHostInit) {
    this.#parts = parts
    this.#init = init
    this.#folder = join(init.directory, PEERS_FOLDER)
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    await ensurePrivateDirectory(this.#init.directory)
    await ensurePrivateDirectory(this.#folder)
    const rival = await this.#rival()
    if (rival !== undefined) throw rival
    await this.publish()
    this.#stopping = new AbortController()
    this.#watcher = this.#watch()
    this.#loop = this.#repeat(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) return
    this.#stopping.abort()
    this.#watcher?.close()
    this.#wake?.()
    await this.#loop
    await this.#published
    this.#stopping = undefined
    this.#reported.clear()
    const own = await this.#read(this.#ownPath())
    if (own?.instance === this.#init.instance) await unlink(this.#ownPath()).catch(() => undefined)
  }

  publish(): Promise<void> {
    // One after the other: a late write must neither win over a newer one nor outlive `stop`.
    const written = this.#published.then(() => this.#write())
    this.#published = written.catch(() => undefined)
    return written
  }

  async #write(): Promise<void> {
    const { peer, swarm, name, instance } = this.#init
    const { pid } = process
    const started = await this.#parts.processes.startOf(pid)
    await writeJsonAtomic(this.#ownPath(), {
      v: 1,
      peer,
      swarm,
      name,
      pid,
      ...(started !== undefined && { started }),
      instance,
      addresses: this.#parts.addresses()
    })
  }

  #ownPath(): string {
    return join(this.#folder, `${this.#init.peer}.json`)
  }

  /** The watcher is a hint, like all else: where it fails, the poll still looks. */
  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => this.#wake?.())
      watcher.on('error', (error) => {
        this.#parts.logger.debug('the runtime directory cannot be watched', { error })
      })
      return watcher
    } catch (error) {
      this.#parts.logger.debug('the runtime directory cannot be watched', { error })
      return undefined
    }
  }

  async #repeat(stopped: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts
    while (!stopped.aborted) {
      const woken = new AbortController()
      // Set before the look, so that a change during it leads to another one.
      this.#wake = () => woken.abort()
      try {
        await this.#look()
      } catch (error) {
        logger.warn('the runtime directory cannot be read', { error })
      }
      if (stopped.aborted) return
      if (!(await clock.sleep(POLL_MS, woken.signal))) await clock.sleep(SETTLE_MS, stopped)
    }
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))
    for (const name of names.slice(0, LIMITS.sameHostFiles.value)) await this.#visit(name)
    const present = new Set(names)
    for (const peer of this.#reported.keys()) {
      if (!present.has(`${peer}.json`)) this.#reported.delete(peer)
    }
  }

  async #visit(file: string): Promise<void> {
    if (file === `${this.#init.peer}.json`) return this.#checkOwn()
    const path = join(this.#folder, file)
    const found = await this.#read(path)
    if (found === undefined || file !== `${found.peer}.json`) return undefined
    if (!(await this.#isAlive(found))) return this.#discard(path, found.peer)
    return this.#report(found)
  }

  #report({ peer, swarm, name, instance, addresses }: SameHostRecord): void {
    const state = JSON.stringify([instance, addresses])
    if (this.#reported.get(peer) === state) return
    this.#reported.set(peer, state)
    if (swarm === this.#init.swarm) {
      this.events.emit('found', { peer, addresses, name, foundBy: 'same-host' })
    } else {
      this.events.emit('foreign', { peer, swarm, name, foundBy: 'same-host' })
    }
  }

  /** Notices that a rival wrote this node's file. */
  async #checkOwn(): Promise<void> {
    const rival = await this.#rival()
    if (rival !== undefined) this.#parts.onDuplicate(rival)
  }

  /** Why this node must not run: another live process has its key. */
  async #rival(): Promise<LumosError | undefined> {
    const own = await this.#read(this.#ownPath())
    if (own === undefined || own.instance === this.#init.instance) return undefined
    if (own.pid === process.pid || !(await this.#isAlive(own))) return undefined
    return new LumosError('DUPLICATE_KEY', { details: { pid: own.pid, peer: own.peer } })
  }

  async #isAlive({ pid, started }: SameHostRecord): Promise<boolean> {
    const { processes } = this.#parts
    if (!processes.isRunning(pid)) return false
    const actual = started === undefined ? undefined : await processes.startOf(pid)
    return actual === undefined || actual === started
  }

  async #discard(path: string, peer: PeerIdText): Promise<void> {
    this.#reported.delete(peer)
    try {
      const { mtimeMs } = await stat(path)
      if (this.#parts.clock.now() - mtimeMs > STALE_MS) await unlink(path)
    } catch {
      // Another node was faster.
    }
  }

  /** `undefined` for what is no record of ours: torn, foreign, too large, planted. */
  async #read(path: string): Promise<SameHostRecord | undefined> {
    try {
      const file = await readFileBounded(path, LIMITS.sameHostFileBytes.value)
      if (file === undefined || !isOurs(file.uid)) return undefined
      return record.parse(JSON.parse(Buffer.from(file.content).toString()))
    } catch (error) {
      this.#parts.logger.debug('ignored a file in the runtime directory', { path, error })
      return undefined
    }
  }
}

function isOurs(uid: number): boolean {
  return process.getuid === undefined || uid === process.getuid()
}
