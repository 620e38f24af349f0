/** Live updates of one space: what is written here is told at once, and whether others hold the same. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { MessageHandler, PubSub } from '../../core/pubsub.ts'
import type { Random } from '../../core/random.ts'
import type { Blame } from '../../trust/blame.ts'
import type { Gaps } from '../replica/gaps.ts'
import { decodeRecord } from '../replica/record.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from '../replica/record.ts'
import type { Replica, ReplicaSummary } from '../replica/replica.ts'
import { writerId } from '../replica/writer.ts'
import type { WriterName } from '../replica/writer.ts'
import { encodeLiveMessage } from './message.ts'
import type { Beacon, Told } from './message.ts'
import { createLiveReceiver } from './receiver.ts'
import type { LiveQueue } from './receiver.ts'
import { createLiveSender } from './sender.ts'
import type { LiveSender } from './sender.ts'

export interface LiveComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly pubsub: Pick<PubSub, 'publish' | 'subscribe'>
  readonly blame: Pick<Blame, 'add'>
  readonly queue: LiveQueue
  /** Under which a peer may have written: one for each key that it has had, the oldest first. */
  readonly authorsOf: (peer: PeerIdText) => readonly AuthorKey[]
  /** Whether a peer may put records here; default: all may. */
  readonly mayWrite?: ((peer: PeerIdText) => boolean) | undefined
}

export interface LiveInit {
  /** `undefined` until this node may know it; then always the same. */
  readonly topic: () => string | undefined
  readonly replica: Replica
  readonly gaps: Gaps
  /** Something was missed: the author knows it, and whoever passed the word on. */
  readonly onGap: (peers: readonly PeerIdText[]) => void
  /** `peer` holds something else. */
  readonly onDifference: (peer: PeerIdText) => void
}

export interface Live extends Component {
  /** Tells of a record that this node has just written. */
  tell(record: MemoryRecord): void
}

/** Gossip loses messages, and a node that missed the last one hears of it so. */
const BEACON_MS = 30_000
/** Heard between two turns, so many are enough in a swarm of any size: each makes all that differ from it repair. */
const ENOUGH_BEACONS = 30

const NONE_HEARD = { times: 0, last: '' }

export function createLive(components: LiveComponents, init: LiveInit): Live {
  return new SpaceLive(components, init)
}

class SpaceLive implements Live {
  readonly #components: LiveComponents
  readonly #init: LiveInit
  readonly #receive: MessageHandler
  #sender: LiveSender | undefined
  #stopping = new AbortController()
  #unsubscribe: (() => void) | undefined
  #beacons: Promise<void> = Promise.resolve()
  #comparing: Promise<void> | undefined
  /** Beacons of others since this node's own turn: how many, and what the last one said. */
  #heard: { readonly times: number; readonly last: string } = NONE_HEARD

  constructor(components: LiveComponents, init: LiveInit) {
    this.#components = components
    this.#init = init
    this.#receive = createLiveReceiver({
      ...components,
      replica: init.replica,
      writerOf: (from, told) => this.#writerOf(from, told),
      onTold: (writer, last, peers) => {
        const { gaps, onGap, replica } = init
        if (gaps.note(writerId(replica.space.id, writer), last)) onGap(peers)
      },
      onBeacon: (from, beacon) => this.#onBeacon(from, beacon)
    })
  }

  /** The records say which of its authors the peer is; without any, the oldest is likeliest. */
  #writerOf(from: PeerIdText, { nonce, records: [first] }: Told): WriterName {
    const { space } = this.#init.replica
    const [oldest, ...later] = this.#components.authorsOf(from).map((author) => ({ author, nonce }))
    if (oldest === undefined) throw new TypeError('a peer is an author')
    if (later.length === 0 || first === undefined) return oldest
    const writer = writerIn(first)
    return later.find((each) => writerId(space.id, each) === writer) ?? oldest
  }

  async start(): Promise<void> {
    if (this.#sender !== undefined) return
    this.#stopping = new AbortController()
    this.#sender = createLiveSender(
      { ...this.#components, publish: (data) => this.#publish(data) },
      this.#init.replica
    )
    this.#init.replica.events.on('admitted', this.#join)
    this.#join()
    this.#beacons = this.#tellAlways(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#init.replica.events.off('admitted', this.#join)
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#stopping.abort()
    const sender = this.#sender
    this.#sender = undefined
    await Promise.all([sender?.stop(), this.#beacons, this.#comparing])
  }

  tell(record: MemoryRecord): void {
    this.#sender?.tell(record)
  }

  readonly #join = (): void => {
    const topic = this.#init.topic()
    if (topic === undefined || this.#unsubscribe !== undefined) return
    const { pubsub } = this.#components
    this.#unsubscribe = pubsub.subscribe(topic, (...message) => this.#receive(...message))
  }

  async #publish(data: Uint8Array): Promise<void> {
    const topic = this.#init.topic()
    if (topic !== undefined) await this.#components.pubsub.publish(topic, data)
  }

  async #tellAlways(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#components
    while (await clock.sleep(BEACON_MS * (0.7 + 0.6 * random.next()), signal)) {
      await this.#tellRoot()
      this.#heard = NONE_HEARD
    }
  }

  async #tellRoot(): Promise<void> {
    const { logger } = this.#components
    try {
      const beacon = beaconOf(await this.#init.replica.summary())
      const { times, last } = this.#heard
      // One is enough from those that hold the same.
      const isSaid = last === textOf(beacon) || times >= ENOUGH_BEACONS
      if (this.#sender === undefined || isSaid) return
      await this.#publish(encodeLiveMessage(beacon))
    } catch (error) {
      logger.debug('a beacon was not published', { code: toLumosError(error).code })
    }
  }

  #onBeacon(from: PeerIdText, beacon: Beacon): void {
    this.#heard = { times: this.#heard.times + 1, last: textOf(beacon) }
    // One at a time: another beacon says nothing that the next would not.
    this.#comparing ??= this.#compare(from, beacon).finally(() => {
      this.#comparing = undefined
    })
  }

  async #compare(from: PeerIdText, beacon: Beacon): Promise<void> {
    const { replica, onDifference } = this.#init
    try {
      if (textOf(beaconOf(await replica.summary())) !== textOf(beacon)) onDifference(from)
    } catch (error) {
      const { code } = toLumosError(error)
      this.#components.logger.debug('a beacon was not compared', { code })
    }
  }
}

function beaconOf({ root, statements }: ReplicaSummary): Beacon {
  return { kind: 'beacon', root, statements }
}

function textOf({ root, statements }: Beacon): string {
  return root + statements
}

/** `undefined` for what is no record: whoever judges it will see. */
function writerIn(bytes: Uint8Array): MemoryId | undefined {
  try {
    return decodeRecord(bytes).writer
  } catch {
    return undefined
  }
}
