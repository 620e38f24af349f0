/** Gossip between nodes in memory, with loss, duplicates, delay and disorder from a seed. */
import type { Clock } from '../../core/clock.ts'
import type { MessageHandler, PubSub, Verdict } from '../../core/pubsub.ts'
import type { Random } from '../../core/random.ts'

export interface GossipFaults {
  /** Part of all deliveries that never arrive. */
  loss?: number
  /** Part of all deliveries that arrive twice. */
  duplication?: number
  /** Deliveries take from 0 to this long, so that later messages may overtake. */
  delayMs?: number
}

export interface GossipNetwork {
  add(peer: string): PubSub
  /** The node neither hears nor is heard any more. */
  remove(peer: string): void
  /** From now on messages reach only whom `joins` says. */
  divide(joins: (from: string, to: string) => boolean): void
  /** Delivers bytes as if `author` had signed them just now. */
  inject(author: string, topic: string, data: Uint8Array): void
  readonly faults: GossipFaults
  readonly verdicts: Record<Verdict, number>
  /** Everything that was published, for replays. */
  readonly log: { readonly author: string; readonly topic: string; readonly data: Uint8Array }[]
}

function joinsAll(_from: string, _to: string): boolean {
  return true
}

export function createGossipNetwork(
  { clock, random }: { clock: Clock; random: Random },
  faults: GossipFaults = {}
): GossipNetwork {
  const handlers = new Map<string, Map<string, MessageHandler>>()
  const verdicts = { accept: 0, ignore: 0, reject: 0 }
  const log: GossipNetwork['log'] = []
  let joined = joinsAll

  function deliver(to: string, author: string, [topic, data]: [string, Uint8Array]): void {
    const copies = random.next() < (faults.duplication ?? 0) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (random.next() < (faults.loss ?? 0)) continue
      clock.after(random.next() * (faults.delayMs ?? 0), () => {
        const verdict = handlers.get(to)?.get(topic)?.(author, data, author)
        if (typeof verdict === 'string') verdicts[verdict] += 1
        else void verdict?.then((later) => (verdicts[later] += 1))
      })
    }
  }

  function inject(author: string, topic: string, data: Uint8Array): void {
    for (const to of handlers.keys()) {
      if (to !== author && joined(author, to)) deliver(to, author, [topic, data])
    }
  }

  return {
    faults,
    verdicts,
    log,
    inject,
    divide: (joins) => (joined = joins),
    remove: (peer) => void handlers.delete(peer),
    add(peer) {
      const own = new Map<string, MessageHandler>()
      handlers.set(peer, own)
      return {
        async publish(topic, data) {
          if (!handlers.has(peer)) return
          log.push({ author: peer, topic, data })
          inject(peer, topic, data)
        },
        subscribe(topic, handler) {
          own.set(topic, handler)
          return () => void own.delete(topic)
        },
        subscribers: () => [...handlers.keys()].filter((other) => other !== peer)
      }
    }
  }
}
