/** Who did what to what, with which right, and what was refused: without a word of what was said. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { openChainedLog } from '../storage/chained-log.ts'
import type { ChainedLog, ChainReport } from '../storage/chained-log.ts'

export interface AuditEvent {
  /** `local` for this machine's own user. */
  readonly who: PeerIdText
  /** The tenant that it is one of, when it came in over HTTP. */
  readonly tenant?: string
  /** Name of the operation (trust/operations.ts), or of a command of the control API. */
  readonly did: string
  /** Name of what it was done to: an agent, a space, a grant, a peer. Never content. */
  readonly what?: string
  /** Id of the grant that allowed it. */
  readonly grant?: string
  readonly allowed: boolean
  /** Why it was refused, or what else a person has to know: a few fixed words. */
  readonly reason?: string
}

export interface AuditEntry extends AuditEvent {
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** How often, until `lastAt`; absent for once. */
  readonly times?: number
  readonly lastAt?: number
}

export interface AuditQuery {
  /** Milliseconds since the epoch. */
  readonly since?: number
  /** PeerId, or the end of one. */
  readonly who?: string
  readonly allowed?: boolean
}

export interface AuditLog extends Component {
  /**
   * Notes it. The first of its kind is written at once; what is the same is counted and
   * written every LIMITS.auditWindow: thousands of tasks, or an attack, fill no disk.
   */
  note(event: AuditEvent): void
  /** Resolves when all that was noted is on disk. */
  settled(): Promise<void>
  /** Oldest first. */
  read(query?: AuditQuery): AsyncIterable<AuditEntry>
  /** What is written after entry `after`, until the signal aborts; what is counted comes with its number. */
  follow(
    query: AuditQuery & { readonly after: number },
    signal: AbortSignal
  ): AsyncIterable<AuditEntry>
  verify(): Promise<ChainReport>
}

export interface AuditLogComponents {
  readonly clock: Clock
  readonly logger: Logger
}

/** Counted since the last line about it. */
interface Kind {
  readonly event: AuditEvent
  times: number
  firstAt: number
  lastAt: number
}

export function createAuditLog(
  components: AuditLogComponents,
  init: { readonly directory: string }
): AuditLog {
  return new ChainedAuditLog(components, init.directory)
}

class ChainedAuditLog implements AuditLog {
  readonly #parts: AuditLogComponents
  readonly #directory: string
  readonly #kinds = new Map<string, Kind>()
  /** Told after each write. */
  readonly #followers = new Set<() => void>()
  #log: ChainedLog | undefined
  #stopping = new AbortController()
  #rounds: Promise<void> = Promise.resolve()
  #written: Promise<void> = Promise.resolve()
  /** Lines that the disk refused, since the last one that it took. */
  #lost = 0

  constructor(parts: AuditLogComponents, directory: string) {
    this.#parts = parts
    this.#directory = directory
  }

  async start(): Promise<void> {
    if (this.#log !== undefined) return
    const [fileBytes, files] = [LIMITS.auditFileBytes.value, LIMITS.auditFiles.value]
    this.#log = await openChainedLog({ directory: this.#directory, fileBytes, files })
    this.#stopping = new AbortController()
    this.#rounds = this.#repeat(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#rounds
    this.#writeCounted()
    await this.#written
    await this.#log?.close()
    this.#log = undefined
    this.#kinds.clear()
  }

  note(event: AuditEvent): void {
    const now = this.#parts.clock.now()
    const key = keyOf(event)
    const known = this.#kinds.get(key)
    if (known !== undefined) {
      if (known.times === 0) known.firstAt = now
      known.times += 1
      known.lastAt = now
      return
    }
    if (this.#kinds.size >= LIMITS.auditKinds.value) this.#writeCounted()
    this.#kinds.set(key, { event, times: 0, firstAt: now, lastAt: now })
    this.#write({ at: now, ...event })
  }

  settled(): Promise<void> {
    this.#writeCounted()
    return this.#written
  }

  async *read(query: AuditQuery = {}): AsyncIterable<AuditEntry> {
    await this.settled()
    for await (const entry of this.#entries(0)) if (matches(entry, query)) yield entry
  }

  async *follow(
    { after, ...query }: AuditQuery & { readonly after: number },
    signal: AbortSignal
  ): AsyncIterable<AuditEntry> {
    let last = after
    let news = Promise.withResolvers<void>()
    const wake = (): void => news.resolve()
    this.#followers.add(wake)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        // Before the reading: what is written meanwhile is read the next time.
        news = Promise.withResolvers<void>()
        for await (const entry of this.#entries(last)) {
          last = entry.number
          if (matches(entry, query)) yield entry
        }
        if (!signal.aborted) await news.promise
      }
    } finally {
      signal.removeEventListener('abort', wake)
      this.#followers.delete(wake)
    }
  }

  async *#entries(after: number): AsyncIterable<AuditEntry> {
    for await (const { number, content } of this.#log?.read(after) ?? []) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this class alone writes the file
      yield { number, ...content } as unknown as AuditEntry
    }
  }

  async verify(): Promise<ChainReport> {
    await this.settled()
    return (await this.#log?.verify()) ?? { entries: 0, first: 0, head: '' }
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    while (await this.#parts.clock.sleep(LIMITS.auditWindow.value, signal)) this.#writeCounted()
  }

  /** What was not seen again since the last time is news when it comes back. */
  #writeCounted(): void {
    for (const [key, kind] of this.#kinds) {
      const { event, times, firstAt, lastAt } = kind
      if (times === 0) this.#kinds.delete(key)
      else this.#write({ at: firstAt, ...event, times, lastAt })
      kind.times = 0
    }
  }

  #onWritten(lost: number): void {
    this.#lost -= lost
    for (const wake of this.#followers) wake()
  }

  #write(content: JsonObject & AuditEvent): void {
    const lost = this.#lost
    const line = lost === 0 ? content : { ...content, lost }
    const written = this.#log?.append(line)
    this.#written = Promise.all([this.#written, written]).then(
      () => this.#onWritten(lost),
      (error: unknown) => {
        this.#lost += 1
        this.#parts.logger.error('the audit log cannot be written', { error })
      }
    )
  }
}

function matches(
  { at, lastAt = at, ...entry }: AuditEntry,
  { since = 0, who = '', allowed }: AuditQuery
): boolean {
  if (lastAt < since || !entry.who.endsWith(who)) return false
  return allowed === undefined || entry.allowed === allowed
}

function keyOf({ who, tenant, did, what, grant, allowed, reason }: AuditEvent): string {
  return JSON.stringify([who, tenant, did, what, grant, allowed, reason])
}
