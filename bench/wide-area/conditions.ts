/** What links between nodes are put through, from calm to cut, and what is promised on them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { WideNetwork } from '../../test/support/wide-network.ts'

/** Most milliseconds that a thing may take; what is promised in docs/, and what the link itself costs. */
interface Promises {
  /** From the last node's start until everybody finds every skill. */
  readonly discovery: number
  readonly delegationP95: number
  readonly firstPiece: number
  readonly cancel: number
  /** Until a write at one node is at all others. */
  readonly memory: number
  /** Until a node that was killed is found by nobody. */
  readonly death: number
  /** Until one that was stopped is found by nobody. */
  readonly farewell: number
}

interface FaultyPorts {
  readonly from: number
  readonly to: number
}

export interface Condition {
  readonly name: string
  /** Two of four nodes are behind routers; the first is a relay. */
  readonly isHidden?: boolean
  /** Nodes are told of nobody, and look for each other by mDNS. */
  readonly isByMdns?: boolean
  /** As long as the swarm lives. */
  readonly lay?: (network: WideNetwork) => Promise<unknown>
  /** While a stream runs from the node at port `to` to the one at port `from`; resolves when the link is whole again. */
  readonly fault?: (network: WideNetwork, ports: FaultyPorts) => Promise<void>
  readonly promises: Promises
}

const SECOND = 1000
/** docs/protocols/discovery.md; a killed node is forgotten within 20 s, a stopped one within 5. */
const CALM: Promises = {
  discovery: 10 * SECOND,
  delegationP95: SECOND,
  firstPiece: SECOND,
  cancel: 5 * SECOND,
  memory: SECOND,
  death: 20 * SECOND,
  farewell: 5 * SECOND
}
/** Round trips of 80 ms, and retransmissions of TCP, which begin at 0.2 s and double. */
const FAR: Promises = {
  ...CALM,
  delegationP95: 2 * SECOND,
  firstPiece: 2 * SECOND,
  memory: 5 * SECOND
}
/** A queue of half a second before a line of 1 Mbit/s. */
const SLOW: Promises = {
  ...FAR,
  discovery: 20 * SECOND,
  delegationP95: 10 * SECOND,
  firstPiece: 5 * SECOND,
  memory: 10 * SECOND,
  farewell: 10 * SECOND
}

const RTT = { delay: 0.04, jitter: 0.005 }
const LOSS = { loss: 0.02 }
const NARROW = { rate: 1_000_000 }
const CUT_MS = 20 * SECOND

export const CONDITIONS: readonly Condition[] = [
  { name: 'calm', promises: CALM },
  { name: 'calm, found by mDNS', isByMdns: true, promises: CALM },
  { name: '80 ms RTT', lay: (network) => network.set(RTT), promises: FAR },
  { name: '2 % loss', lay: (network) => network.set(LOSS), promises: FAR },
  { name: '1 Mbit/s', lay: (network) => network.set(NARROW), promises: SLOW },
  {
    name: '80 ms, 2 % and 1 Mbit/s',
    lay: (network) => network.set({ ...RTT, ...LOSS, ...NARROW }),
    promises: SLOW
  },
  {
    name: 'one-way cut of 20 s',
    lay: (network) => network.set(RTT),
    async fault(network, { from, to }) {
      await network.set({ cut: true }, { from, to })
      await delay(CUT_MS)
      await network.set({ cut: false }, { from, to })
    },
    promises: FAR
  },
  {
    name: 'cut of 20 s both ways',
    lay: (network) => network.set(RTT),
    async fault(network, { from }) {
      await network.set({ cut: true }, { from })
      await network.set({ cut: true }, { to: from })
      await delay(CUT_MS)
      await network.set({ cut: false }, { from })
      await network.set({ cut: false }, { to: from })
    },
    promises: FAR
  },
  {
    name: 'flapping, 5 × 2 s',
    lay: (network) => network.set(RTT),
    async fault(network, { from }) {
      for (let flap = 0; flap < 5; flap += 1) {
        await network.set({ cut: true }, { from })
        await network.set({ cut: true }, { to: from })
        await delay(2 * SECOND)
        await network.set({ cut: false }, { from })
        await network.set({ cut: false }, { to: from })
        await delay(2 * SECOND)
      }
    },
    promises: FAR
  },
  {
    name: 'behind two NATs, by a relay',
    isHidden: true,
    lay: (network) => network.set(RTT),
    // The addresses of other people's homes are tried first, in vain.
    promises: { ...FAR, discovery: 20 * SECOND }
  }
]
