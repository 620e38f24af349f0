/** A swarm of peer finders over a network in memory: only time, chance and reachability are simulated. */
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { createPeerFinder } from '../../discovery/peers/finder.ts'
import type { PeerFinder } from '../../discovery/peers/finder.ts'
import type { Dial, DialOutcome, DialTarget } from '../../discovery/peers/redial.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { SessionNetwork } from './session-network.ts'
import type { FakeSessions } from './session-network.ts'

export interface SimulatedNode {
  readonly peer: string
  readonly address: string
  readonly sessions: FakeSessions
  readonly finder: PeerFinder
}

const LATENCY_MS = 5
/** The handshakes of TCP, Noise, yamux and a session. */
const DIAL_MS = 40
/** Nobody is there to refuse. */
const SILENCE_MS = 3000

export class MeshSimulation {
  readonly clock = new ManualClock()
  readonly random: Random
  readonly nodes: SimulatedNode[] = []
  dials = 0
  /** The side of the cut that a node is on; all on one while nothing is cut. */
  readonly #sides = new Map<string, number>()
  readonly #network = new SessionNetwork(this.clock, LATENCY_MS)
  readonly #byAddress = new Map<string, SimulatedNode>()

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** A new host in one of 16 networks; it is started by the caller. */
  add(bootstrap: readonly string[] = []): SimulatedNode {
    const index = this.nodes.length
    const peer = `Node${base58(index)}${base58(Math.floor(this.random.next() * 58 ** 4))}`
    const address = `/ip4/10.${index % 16}.${index >> 8}.${index & 255}/tcp/4001`
    const sessions = this.#network.add(peer)
    const finder = createPeerFinder(
      {
        clock: this.clock,
        random: seededRandom(Math.floor(this.random.next() * 2 ** 32)),
        logger: silentLogger,
        sessions,
        dial: this.#dialOf(peer, address),
        disconnect: (other) => sessions.disconnect(other),
        isLocal: () => false
      },
      { self: peer, bootstrap }
    )
    const node = { peer, address, sessions, finder }
    this.nodes.push(node)
    this.#byAddress.set(address, node)
    return node
  }

  alive(): readonly SimulatedNode[] {
    return this.nodes.filter(({ sessions }) => sessions.reachable)
  }

  /** Session peers of each, the fewest first. */
  degrees(nodes = this.alive()): number[] {
    return nodes.map(({ sessions }) => sessions.all().length).toSorted((a, b) => a - b)
  }

  /** Whether every one of the nodes is reached from every other, through nobody else's session. */
  isConnected(nodes = this.alive()): boolean {
    const [first] = nodes
    const reached = new Set(first === undefined ? [] : [first.peer])
    for (const peer of reached) {
      for (const next of this.#network.node(peer).all()) reached.add(next.peer)
    }
    return reached.size === nodes.length
  }

  /** The node vanishes without a word. */
  async kill({ peer, finder }: SimulatedNode): Promise<void> {
    this.#network.kill(peer)
    await this.run(finder.stop())
  }

  /** Cuts the swarm in two; nodes of different sides neither hear nor reach each other. */
  cut(side: (node: SimulatedNode, index: number) => number): void {
    for (const [index, node] of this.nodes.entries()) this.#sides.set(node.peer, side(node, index))
    for (const { peer, sessions } of this.nodes) {
      for (const other of sessions.all()) {
        if (!this.#canReach(peer, other.peer)) this.#network.unlink(peer, other.peer)
      }
    }
  }

  heal(): void {
    this.#sides.clear()
  }

  /** Simulated milliseconds until `check` holds, looked at every 100; `limit` if it never does. */
  async until(check: () => boolean, limit: number): Promise<number> {
    const start = this.clock.now()
    while (!check() && this.clock.now() - start < limit) await this.clock.advance(100)
    return this.clock.now() - start
  }

  /** Moves the clock until `work` is done. */
  async run(work: Promise<unknown>): Promise<void> {
    const running = new Set([work])
    const done = work.finally(() => running.clear())
    while (running.size > 0) await this.clock.advance(10)
    await done
  }

  async stop(): Promise<void> {
    await this.run(Promise.all(this.alive().map(({ finder }) => finder.stop())))
  }

  #canReach(from: string, to: string): boolean {
    return this.#sides.get(from) === this.#sides.get(to)
  }

  #dialOf(self: string, ownAddress: string): Dial {
    return async (target, signal) => {
      this.dials++
      for (const address of target.addresses) {
        const found = this.#byAddress.get(address)
        const isThere = found?.sessions.reachable === true && this.#canReach(self, found.peer)
        await this.clock.sleep(isThere ? DIAL_MS * (1 + this.random.next()) : SILENCE_MS, signal)
        if (!isThere || signal.aborted || found.peer === self) continue
        if (!this.#canReach(self, found.peer) || !found.sessions.reachable) continue
        if (target.peer !== undefined && target.peer !== found.peer) continue
        // What identify tells both.
        found.finder.located(self, [ownAddress])
        this.#byAddress.get(ownAddress)?.finder.located(found.peer, [address])
        this.#network.link(self, found.peer)
        return { peer: found.peer, address }
      }
      return unreachable(target)
    }
  }
}

/** A swarm whose nodes all start in one moment and know one address. */
export async function startStar(seed: number, size: number): Promise<MeshSimulation> {
  const sim = new MeshSimulation(seed)
  const { address } = sim.add()
  for (let index = 1; index < size; index++) sim.add([address])
  for (const { finder } of sim.nodes) await finder.start()
  return sim
}

function unreachable({ peer = 'unknown', addresses }: DialTarget): DialOutcome {
  const error = new LumosError('PEER_UNREACHABLE', { details: { peer } })
  return { error, failures: addresses.map((address) => ({ address, reason: 'no answer' })) }
}

const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Four digits, as peer ids are written. */
function base58(value: number): string {
  return [3, 2, 1, 0].map((power) => DIGITS[Math.floor(value / 58 ** power) % 58]).join('')
}
