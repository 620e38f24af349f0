/** Takes what gossipsub tells those who measure it, and keeps the totals: without a library for metrics in between. */
import type { GossipsubOpts } from '@libp2p/gossipsub'

type MetricsRegister = NonNullable<GossipsubOpts['metricsRegister']>

export interface GossipTotals {
  /** Messages that came, whatever came of them. */
  readonly received: number
  /** Of these: had come before. */
  readonly duplicates: number
  /** Of these: no signature, a wrong one, no author, … */
  readonly invalid: number
  /** Judged by the part of this node that they are for. */
  readonly accepted: number
  readonly ignored: number
  readonly rejected: number
  /** Own messages. */
  readonly published: number
  readonly forwarded: number
  /** Of all that gossip says, its own upkeep included. */
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface GossipMeter {
  readonly init: Pick<GossipsubOpts, 'metricsRegister' | 'metricsTopicStrToLabel'>
  totals(): GossipTotals
}

/** As gossipsub 17 calls them. */
const NAMES: Readonly<Record<keyof GossipTotals, string>> = {
  received: 'gossipsub_msg_received_prevalidation_total',
  duplicates: 'gossipsub_pre_validation_duplicate_total',
  invalid: 'gossipsub_pre_validation_invalid_total',
  accepted: 'gossipsub_accepted_messages_total',
  ignored: 'gossipsub_ignored_messages_total',
  rejected: 'gossipsub_rejected_messages_total',
  published: 'gossipsub_msg_publish_count_total',
  forwarded: 'gossipsub_msg_forward_count_total',
  bytesIn: 'gossipsub_rpc_recv_bytes_total',
  bytesOut: 'gossipsub_rpc_sent_bytes_total'
}

function nothing(): void {}

const NO_METRIC = { inc: nothing, set: nothing, addCollect: nothing }
const NO_HISTOGRAM = { startTimer: () => nothing, observe: nothing, reset: nothing }

interface Total {
  value: number
}

export function createGossipMeter(): GossipMeter {
  const totals = new Map<string, Total>(
    Object.values(NAMES).map((name) => [name, { value: 0 }] as const)
  )
  const register: MetricsRegister = {
    gauge({ name }) {
      const total = totals.get(name)
      return total === undefined ? NO_METRIC : { ...NO_METRIC, inc: adderOf(total) }
    },
    histogram: () => NO_HISTOGRAM,
    avgMinMax: () => NO_METRIC
  }
  const valueOf = (what: keyof GossipTotals): number => totals.get(NAMES[what])?.value ?? 0
  return {
    init: { metricsRegister: register, metricsTopicStrToLabel: new Map() },
    totals: () => ({
      received: valueOf('received'),
      duplicates: valueOf('duplicates'),
      invalid: valueOf('invalid'),
      accepted: valueOf('accepted'),
      ignored: valueOf('ignored'),
      rejected: valueOf('rejected'),
      published: valueOf('published'),
      forwarded: valueOf('forwarded'),
      bytesIn: valueOf('bytesIn'),
      bytesOut: valueOf('bytesOut')
    })
  }
}

/** Called with labels and an amount, or with the amount alone. */
function adderOf(total: Total): (first?: unknown, second?: number) => void {
  return (first, second) => {
    total.value += typeof first === 'number' ? first : (second ?? 1)
  }
}
