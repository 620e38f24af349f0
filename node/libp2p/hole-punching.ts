/** Keeps what became of tries to get past a relay, for people who ask: libp2p only writes it into its log. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { dcutr } from '@libp2p/dcutr'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Network } from './network.ts'

export interface PunchRecord {
  state: 'trying' | 'failed' | 'succeeded'
  attempts: number
  /** Of the last attempt. */
  reason?: string
}

type CreateDcutr = ReturnType<typeof dcutr>
type Punch = (...args: never[]) => Promise<unknown>

/** By the service of libp2p; the tries of one service are its own. */
const records = new WeakMap<object, RecentMap<PeerIdText, PunchRecord>>()

/** libp2p's hole punching, whose tries are told by {@link punchesWith}. */
export function watchedDcutr(): CreateDcutr {
  const create = dcutr()
  return (components) => {
    const service = create(components)
    if (typeof service !== 'object' || service === null) return service
    const kept = new RecentMap<PeerIdText, PunchRecord>(LIMITS.connections.value)
    records.set(service, kept)
    watch(service, kept)
    return service
  }
}

/** What became of tries with the peer; `undefined` when there was none, `off` when this node does not try. */
export function punchesWith(
  { libp2p }: Pick<Network, 'libp2p'>,
  peer: PeerIdText
): Readonly<PunchRecord> | 'off' | undefined {
  const service = libp2p.services['dcutr']
  const kept = typeof service === 'object' && service !== null ? records.get(service) : undefined
  return kept === undefined ? 'off' : kept.get(peer)
}

/** The side that was dialled begins (`upgradeInbound`), with several attempts in one call; the other side joins in. */
function watch(service: object, kept: RecentMap<PeerIdText, PunchRecord>): void {
  const current = new AsyncLocalStorage<PunchRecord>()
  for (const [name, position] of [
    ['upgradeInbound', 0],
    ['handleIncomingUpgrade', 1]
  ] as const) {
    const punch: unknown = Reflect.get(service, name)
    if (!isPunch(punch)) throw new TypeError(`this dcutr has no ${name}`)
    const original = punch.bind(service)
    Reflect.set(service, name, async (...args: never[]) => {
      const peer = remotePeer(args[position])
      const before = kept.get(peer)
      const record: PunchRecord = { state: 'trying', attempts: before?.attempts ?? 0 }
      kept.set(peer, record)
      await current.run(record, () => followed(record, () => original(...args)))
    })
  }
  onErrorLine(service, (reason) => {
    const record = current.getStore()
    if (record === undefined) return
    record.attempts += 1
    record.reason = reason
  })
}

async function followed(record: PunchRecord, punch: () => Promise<unknown>): Promise<void> {
  const before = record.attempts
  try {
    await punch()
  } catch (error) {
    record.state = 'failed'
    record.attempts = Math.max(record.attempts, before + 1)
    record.reason = reasonOf(error)
    throw error
  }
  // After its last attempt libp2p returns without an error, too.
  if (record.attempts > before) {
    record.state = 'failed'
    return
  }
  record.attempts += 1
  record.state = 'succeeded'
}

/** libp2p writes one line at level error for each attempt that failed, with the error at the end. */
function onErrorLine(service: object, heard: (reason: string) => void): void {
  const log: unknown = Reflect.get(service, 'log')
  if (typeof log !== 'function') return
  const error: unknown = Reflect.get(log, 'error')
  if (typeof error !== 'function') return
  Reflect.set(log, 'error', (...args: unknown[]) => {
    heard(reasonOf(args.at(-1)))
    Reflect.apply(error, log, args)
  })
}

const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/no (dialable )?multiaddrs/, 'no public address is known of both sides'],
  [/TimeoutError|AbortError|timed out|aborted/, 'no answer in time'],
  [/StreamReset|UnexpectedEOF/, 'the other node gave up: it is told no public address of this one'],
  [/ECONNREFUSED/, 'connection refused: nothing listens there']
]

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'the direct dial failed'
}

function remotePeer(connection: unknown): PeerIdText {
  const peer: unknown =
    typeof connection === 'object' && connection !== null
      ? Reflect.get(connection, 'remotePeer')
      : undefined
  return String(peer)
}

function isPunch(value: unknown): value is Punch {
  return typeof value === 'function'
}
