/** The swarm from outside: its processes and nodes, started, killed and brought back. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { nowMs } from '../memory/clock.ts'
import { startProcess } from '../memory/processes.ts'
import type { BenchProcess, Init, Value } from '../memory/processes.ts'
import type { HostOperations } from './host.ts'
import { nameOf } from './swarm-node.ts'

export interface Member {
  readonly index: number
  /** Number of its process. */
  readonly host: number
  readonly home: string
  /** Since when it runs, on the clock of the machine; `undefined` while it does not. */
  since: number | undefined
  peer: string
  address: string
}

export interface FleetInit {
  readonly nodes: number
  /** Processes, the bootstrap node's apart. */
  readonly hosts: number
  /** Empty; gone when the fleet is closed. */
  readonly folder: string
}

type Host = BenchProcess<HostOperations>
type Name = keyof HostOperations

/** Some ten nodes or more in a process make as many times the garbage of one, whose daemon has 8 MB for it. */
const YOUNG_HEAP = ['--max-semi-space-size=64']

/** Of the node that all others are told of; it has a process of its own. */
export const BOOTSTRAP = 0

export class Fleet {
  readonly members: Member[] = []
  readonly #init: FleetInit
  /** By number; killed ones are gaps. */
  readonly #hosts = new Map<number, Host>()

  constructor(init: FleetInit) {
    this.#init = init
    this.#add(BOOTSTRAP, 0)
    for (let index = 1; index < init.nodes; index += 1) this.#add(index, 1 + (index % init.hosts))
  }

  get hosts(): readonly number[] {
    return [...new Set(this.members.map(({ host }) => host))]
  }

  running(): readonly Member[] {
    return this.members.filter(({ since }) => since !== undefined)
  }

  member(index: number): Member {
    const member = this.members[index]
    if (member === undefined) throw new Error(`there is no node ${index}`)
    return member
  }

  of(host: number): readonly Member[] {
    return this.members.filter((member) => member.host === host)
  }

  /** A further node, in a process that is there; not started. */
  add(host: number): Member {
    return this.#add(this.members.length, host)
  }

  /** Resolves when the processes have loaded their code. */
  async open(hosts: readonly number[] = this.hosts): Promise<void> {
    await Promise.all(
      hosts.map(async (host) => {
        const process = startProcess<HostOperations>('../swarm/host.ts', YOUNG_HEAP)
        this.#hosts.set(host, process)
        await process.ask('vitals', { released: false })
      })
    )
  }

  /** All at once, in this order as far as they share a process. */
  async start(members: readonly Member[]): Promise<void> {
    const { address } = this.member(BOOTSTRAP)
    const bootstrap = address === '' ? [] : [address]
    const hosts = [...new Set(members.map(({ host }) => host))]
    await Promise.all(
      hosts.map(async (host) => {
        const own = members.filter((member) => member.host === host)
        const specs = own.map((member) => ({
          index: member.index,
          home: member.home,
          bootstrap: member.index === BOOTSTRAP ? [] : bootstrap,
          // Others know where it was.
          ...(member.index === BOOTSTRAP &&
            address !== '' && { listen: address.replace(/\/p2p\/.*$/, '') })
        }))
        for (const { index, ...started } of await this.ask(host, 'start', { specs })) {
          Object.assign(this.member(index), started, { since: nowMs() })
        }
      })
    )
  }

  /** In an orderly way. */
  async stop(member: Member): Promise<void> {
    member.since = undefined
    await this.ask(member.host, 'stop', { index: member.index })
  }

  /** SIGKILL: its nodes vanish without a word. */
  async kill(host: number): Promise<void> {
    for (const member of this.of(host)) member.since = undefined
    const process = this.#hosts.get(host)
    this.#hosts.delete(host)
    await process?.kill()
  }

  async revive(host: number): Promise<void> {
    await this.open([host])
    await this.start(this.of(host))
  }

  ask<N extends Name>(
    host: number,
    name: N,
    init: Init<HostOperations[N]>
  ): Promise<Value<HostOperations[N]>> {
    const process = this.#hosts.get(host)
    if (process === undefined) return Promise.reject(new Error(`process ${host} does not run`))
    return process.ask(name, init)
  }

  /** All processes that run, or these. */
  each<N extends Name>(
    name: N,
    init: Init<HostOperations[N]>,
    hosts: readonly number[] = [...this.#hosts.keys()]
  ): Promise<Value<HostOperations[N]>[]> {
    return Promise.all(hosts.map((host) => this.ask(host, name, init)))
  }

  /** One process after the other. */
  async inTurn<N extends Name>(
    name: N,
    init: Init<HostOperations[N]>
  ): Promise<Value<HostOperations[N]>[]> {
    const values: Value<HostOperations[N]>[] = []
    for (const host of this.#hosts.keys()) values.push(await this.ask(host, name, init))
    return values
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#hosts.keys(), (host) => this.kill(host)))
    rmSync(this.#init.folder, { recursive: true, force: true })
  }

  #add(index: number, host: number): Member {
    const home = join(this.#init.folder, nameOf(index))
    const member = { index, host, home, since: undefined, peer: '', address: '' }
    this.members.push(member)
    return member
  }
}
