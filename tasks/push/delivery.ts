/** Brings push notifications to their receivers: each config in order, at least once, by itself. */
import { fullJitter } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { formatPosition } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { PushConfig, PushConfigs, PushDialect, PushEntry } from './configs.ts'
import { nextNotification } from './notification.ts'
import type { Notification, PushedTasks, PushFormat } from './notification.ts'
import { createPushPlaces } from './places.ts'

export interface PushRequest {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Headers for the origin of `url` only, never for one that it redirects to. */
  readonly credentials: Readonly<Record<string, string>>
}

export type PushReceipt =
  | { readonly kind: 'delivered' }
  /** The receiver wants nothing any more. */
  | { readonly kind: 'gone' }
  /** `reason` names nothing that is secret. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number }

/** Sends one request; every failure is a receipt. Ends soon after `signal` aborts. */
export type PushSender = (request: PushRequest, signal: AbortSignal) => Promise<PushReceipt>

/** What a receiver can verify (trust/notification-signature.ts). */
export type PushSigner = (claims: {
  readonly audience: string
  readonly taskId: string
  readonly id: string
  readonly body: string
  readonly issuedAt: number
  readonly expiresAt: number
}) => Promise<string>

export interface PushDeliveryComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly configs: PushConfigs
  readonly tasks: PushedTasks
  readonly sender: PushSender
  readonly sign: PushSigner
  readonly formats?: PushFormats
}

export type PushFormats = Readonly<Partial<Record<PushDialect, PushFormat>>>

export interface PushDelivery extends Component {
  /** The task has something new to tell. */
  stir(entry: PushEntry): void
  /** Begins afresh, whatever failed before or is on its way: the config is new, or another. */
  renew(entry: PushEntry): void
  /** Nothing is sent any more, and what is on its way is broken off. */
  drop(entry: PushEntry): void
}

const PUSH_HEADERS = {
  token: 'X-A2A-Notification-Token',
  signature: 'Lumos-Notification-Signature'
} as const

/** Who carries the notifications of one config. */
interface Courier {
  readonly entry: PushEntry
  readonly leaving: AbortController
  /** Whether there may be something that it has not looked at. */
  woken: boolean
  running: Promise<void> | undefined
  /** Ends its wait for the next try. */
  disarm: (() => void) | undefined
  /** Failures in a row. */
  failures: number
  /** Up to where there is nothing to tell. */
  seen: Position | undefined
  /** What was delivered and is not written down yet: nothing is sent before it is. */
  owed: Notification | undefined
}

export function createPushDelivery(components: PushDeliveryComponents): PushDelivery {
  return new Delivery(components)
}

class Delivery implements PushDelivery {
  readonly #parts: PushDeliveryComponents
  readonly #places = createPushPlaces()
  readonly #couriers = new Map<PushEntry, Courier>()
  #started = false

  constructor(components: PushDeliveryComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    this.#started = true
    for (const entry of this.#parts.configs.all()) this.stir(entry)
  }

  async stop(): Promise<void> {
    this.#started = false
    const couriers = [...this.#couriers.values()]
    for (const { entry } of couriers) this.drop(entry)
    await Promise.all(couriers.map(async ({ running }) => running))
  }

  stir(entry: PushEntry): void {
    if (!this.#started) return
    const courier = this.#courierOf(entry)
    courier.woken = true
    if (courier.running === undefined && courier.disarm === undefined) {
      courier.running = this.#run(courier)
    }
  }

  renew(entry: PushEntry): void {
    if (!this.#started) return
    const before = this.#couriers.get(entry)?.running
    this.drop(entry)
    const courier = this.#courierOf(entry)
    courier.woken = true
    courier.running = this.#run(courier, before)
  }

  drop(entry: PushEntry): void {
    const courier = this.#couriers.get(entry)
    courier?.disarm?.()
    courier?.leaving.abort()
    this.#couriers.delete(entry)
  }

  #courierOf(entry: PushEntry): Courier {
    const known = this.#couriers.get(entry)
    if (known !== undefined) return known
    const courier: Courier = {
      entry,
      leaving: new AbortController(),
      woken: false,
      running: undefined,
      disarm: undefined,
      failures: 0,
      seen: undefined,
      owed: undefined
    }
    this.#couriers.set(entry, courier)
    return courier
  }

  /** Never two at a time for one config, or its notifications could overtake each other. */
  async #run(courier: Courier, before?: Promise<void>): Promise<void> {
    await before
    const { signal } = courier.leaving
    while (courier.woken && courier.disarm === undefined && !signal.aborted) {
      courier.woken = false
      const request = { receiver: courier.entry.receiver, failing: courier.failures > 0 }
      const leave = await this.#places.take(request, signal)
      if (leave === undefined) break
      try {
        await this.#carry(courier)
      } catch (error) {
        // The database takes no writes, say.
        if (!signal.aborted) await this.#postpone(courier, { reason: toLumosError(error).code })
      } finally {
        leave()
      }
    }
    courier.running = undefined
  }

  /** One notification, if there is one. */
  async #carry(courier: Courier): Promise<void> {
    const { configs, tasks, sender, clock } = this.#parts
    const { entry, leaving } = courier
    if (courier.owed !== undefined && (await this.#settle(courier, courier.owed))) return
    const after = courier.seen ?? entry.progress.cursor
    const format = this.#formatOf(entry)
    const next = await nextNotification(tasks, entry.key, { after, format })
    if (next.kind === 'none') courier.seen = next.seen
    if (next.kind === 'missing') await this.#end(entry)
    if (next.kind !== 'next') return
    const config = await configs.read(entry)
    if (config === undefined) return this.drop(entry)
    courier.woken = true
    const request = await this.#requestOf(config, entry, next.notification)
    if (leaving.signal.aborted) return
    const deadline = clock.timeout(LIMITS.pushTimeout.value)
    const receipt = await sender(request, AbortSignal.any([leaving.signal, deadline]))
    if (receipt.kind === 'delivered') await this.#settle(courier, next.notification)
    else if (leaving.signal.aborted) return
    else if (receipt.kind === 'failed') await this.#postpone(courier, receipt)
    else {
      this.#tell('a receiver of push notifications is gone', entry)
      await this.#end(entry)
    }
  }

  /** Writes down what was delivered; whether it was the last. */
  async #settle(courier: Courier, notification: Notification): Promise<boolean> {
    const { entry } = courier
    courier.owed = notification
    if (notification.last) await this.#end(entry)
    else await this.#parts.configs.note(entry, { cursor: notification.position }, true)
    courier.owed = undefined
    courier.failures = 0
    courier.seen = undefined
    return notification.last
  }

  async #end(entry: PushEntry): Promise<void> {
    this.drop(entry)
    try {
      await this.#parts.configs.remove(entry)
    } catch (error) {
      // The next start finds it once more; what it tells again is the end at most.
      this.#tell('a push notification config could not be removed', entry, toLumosError(error).code)
    }
  }

  async #postpone(
    courier: Courier,
    { reason, retryAfterMs = 0 }: { readonly reason: string; readonly retryAfterMs?: number }
  ): Promise<void> {
    const { clock, random, configs } = this.#parts
    const { entry } = courier
    const { pushRetryFirst, pushRetryMost, pushRetryAfter, pushGiveUp } = LIMITS
    const { failingSince = clock.now() } = entry.progress
    if (clock.now() - failingSince >= pushGiveUp.value) {
      this.#tell('a receiver of push notifications was given up', entry, reason)
      await this.#end(entry)
      return
    }
    if (entry.progress.failingSince === undefined) {
      this.#tell('a push notification failed', entry, reason)
      // Not worth an fsync, nor a failure of its own.
      await configs.note(entry, { ...entry.progress, failingSince }, false).catch(() => {})
    }
    if (courier.leaving.signal.aborted) return
    const bounds = { first: pushRetryFirst.value, most: pushRetryMost.value }
    const backoff = fullJitter(random, courier.failures, bounds)
    courier.failures += 1
    courier.woken = true
    const wait = Math.max(backoff, Math.min(retryAfterMs, pushRetryAfter.value))
    courier.disarm = clock.after(wait, () => {
      courier.disarm = undefined
      this.stir(entry)
    })
  }

  #formatOf({ dialect }: PushEntry): PushFormat | undefined {
    return dialect && this.#parts.formats?.[dialect]
  }

  async #requestOf(
    { url, token, authentication, taskId }: PushConfig,
    entry: PushEntry,
    { body, position }: Notification
  ): Promise<PushRequest> {
    const { key } = entry
    const issuedAt = this.#parts.clock.now()
    const signature = await this.#parts.sign({
      audience: url,
      taskId,
      id: `${taskId}/${key.config}/${formatPosition(position)}`,
      body,
      issuedAt,
      expiresAt: issuedAt + LIMITS.pushTokenLife.value
    })
    const { scheme, credentials } = authentication ?? {}
    return {
      url,
      body,
      headers: {
        'Content-Type': this.#formatOf(entry)?.contentType ?? 'application/a2a+json',
        [PUSH_HEADERS.signature]: signature
      },
      credentials: {
        ...(token && { [PUSH_HEADERS.token]: token }),
        ...(scheme && { Authorization: credentials ? `${scheme} ${credentials}` : scheme })
      }
    }
  }

  #tell(message: string, { key, receiver }: PushEntry, reason?: string): void {
    this.#parts.logger.warn(message, { task: key.id, receiver, ...(reason && { reason }) })
  }
}
