/** A swarm for routing: 1,000 peers that work, fail and come back, and callers with a real router each. */
import { silentLogger } from '../../../core/logger.ts'
import type { Random } from '../../../core/random.ts'
import type { RouteProvider } from '../../../routing/directory-port.ts'
import { createRouter } from '../../../routing/router.ts'
import type { Router } from '../../../routing/router.ts'
import { createHedgeBudget } from '../../../routing/hedge-budget.ts'
import { createRetryBudget } from '../../../routing/retry-budget.ts'
import { createSelector } from '../../../routing/selector.ts'
import { seededRandom } from '../random.ts'
import { createBaseline } from './baselines.ts'
import type { Baseline } from './baselines.ts'
import { exponentialMs, somewhere } from './distributions.ts'
import { SimulatedPeer } from './simulated-peer.ts'
import { SimulatedWorkers } from './simulated-workers.ts'
import { VirtualTime } from './virtual-time.ts'

/** Peers say their load this often (discovery/presence/presence-pace.ts). */
const PRESENCE_MS = 4000
/** A session with a host that answers that nobody is there is over at once; one with a silent host, after this. */
const SILENCE_MS = 15_000
/** Who was not heard so long is in no directory any more (docs/protocols/discovery.md). */
const FORGOTTEN_MS = 20_000
/** From the return of a peer to its session, with dial and exchange of cards. */
const BACK_MS = 1000

/** `unhedged`: as Lumos does, and each task at one worker only. */
export type Method = 'lumos' | 'unhedged' | Baseline

export interface WorldInit {
  readonly seed: number
  readonly method: Method
  readonly peers: number
  readonly callers: number
  /** Skills of the swarm; every peer has one of them. */
  readonly skills: number
  /** Of these, how many each caller asks for. */
  readonly skillsOfCaller: number
  readonly slots: number
  readonly queue: number
  readonly medianMs: number
}

export interface Caller {
  readonly router: Router
  readonly workers: SimulatedWorkers
}

export class World {
  readonly init: WorldInit
  readonly time = new VirtualTime()
  readonly random: Random
  readonly peers: readonly SimulatedPeer[]
  readonly callers: readonly Caller[]
  /** Who can be found, by skill. */
  readonly #listed = new Map<string, Map<string, RouteProvider>>()

  constructor(init: WorldInit) {
    this.init = init
    this.random = seededRandom(init.seed)
    this.peers = Array.from({ length: init.peers }, (_, index) => this.#createPeer(index))
    const byId = new Map(this.peers.map((peer) => [peer.traits.id, peer]))
    this.callers = Array.from({ length: init.callers }, (_, index) =>
      this.#createCaller(index, byId)
    )
    for (const [index, peer] of this.peers.entries()) {
      this.#list(peer, { connected: true })
      // Not all at the same moment.
      this.#tell(peer, (PRESENCE_MS * index) / this.peers.length)
    }
  }

  /** Peers with a skill that somebody asks for. */
  asked(): readonly SimulatedPeer[] {
    const { skills, callers, skillsOfCaller } = this.init
    const wanted = Math.min(skills, callers * skillsOfCaller)
    return this.peers.filter((_, index) => index % skills < wanted)
  }

  skillOf(peer: SimulatedPeer): string {
    return `skill-${peer.traits.number % this.init.skills}`
  }

  kill(peer: SimulatedPeer, health: 'gone' | 'silent' = 'gone'): void {
    peer.die(health)
    const { life } = peer
    const unlessBack = (action: () => void) => (): void => {
      if (peer.life === life) action()
    }
    const silentMs = health === 'silent' ? SILENCE_MS : 0
    this.time.after(
      silentMs,
      unlessBack(() => this.#list(peer, { connected: false }))
    )
    this.time.after(
      FORGOTTEN_MS,
      unlessBack(() => this.#unlist(peer))
    )
  }

  revive(peer: SimulatedPeer): void {
    peer.revive()
    const { life } = peer
    this.time.after(BACK_MS, () => {
      if (peer.life === life) this.#list(peer, { connected: true })
    })
  }

  /** Dies and comes back for ever. */
  flap(
    peer: SimulatedPeer,
    { upMs, downMs }: { readonly upMs: number; readonly downMs: number }
  ): void {
    this.time.after(exponentialMs(this.random, upMs), () => {
      this.kill(peer)
      this.time.after(exponentialMs(this.random, downMs), () => {
        this.revive(peer)
        this.flap(peer, { upMs, downMs })
      })
    })
  }

  #createPeer(index: number): SimulatedPeer {
    const { slots, queue, medianMs } = this.init
    const id = `peer-${index}`
    const place = somewhere(this.random)
    const traits = { id, number: index, place, slots, queue, medianMs, delayMs: 0 }
    return new SimulatedPeer({ time: this.time, random: this.random }, traits)
  }

  #createCaller(index: number, peers: ReadonlyMap<string, SimulatedPeer>): Caller {
    const { time: clock, random } = this
    const { method, seed } = this.init
    const own = seededRandom(seed * 1000 + index)
    const workers = new SimulatedWorkers({ time: clock, random, peers }, somewhere(random))
    const selector =
      method === 'lumos' || method === 'unhedged'
        ? createSelector({ workers, clock, random: own })
        : createBaseline(method, own)
    const directory = {
      find: async (skill: string) => [...(this.#listed.get(skill)?.values() ?? [])],
      nodes: () => []
    }
    const logger = silentLogger
    const budget = createRetryBudget(clock)
    const hedges = createHedgeBudget(clock)
    const router = createRouter({
      workers,
      selector,
      budget,
      ...(method === 'lumos' && { hedges }),
      directory,
      clock,
      random: own,
      logger
    })
    return { router, workers }
  }

  #tell(peer: SimulatedPeer, inMs: number): void {
    this.time.after(inMs, () => {
      peer.told = peer.load
      const held = this.#listed.get(this.skillOf(peer))?.get(peer.traits.id)
      if (held !== undefined) this.#list(peer, held)
      this.#tell(peer, PRESENCE_MS)
    })
  }

  #list(peer: SimulatedPeer, { connected }: Pick<RouteProvider, 'connected'>): void {
    const skill = this.skillOf(peer)
    const { id } = peer.traits
    const listed = this.#listed.get(skill) ?? new Map<string, RouteProvider>()
    this.#listed.set(skill, listed)
    listed.set(id, {
      peer: id,
      name: id,
      agentId: skill,
      match: 'agent',
      load: peer.told,
      slots: peer.traits.slots,
      local: false,
      connected,
      idempotent: true
    })
  }

  #unlist(peer: SimulatedPeer): void {
    this.#listed.get(this.skillOf(peer))?.delete(peer.traits.id)
  }
}
