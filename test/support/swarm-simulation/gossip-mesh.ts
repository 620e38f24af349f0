/**
 * A model of gossipsub, which cannot be run in simulated time: its mesh, its relaying and its lazy
 * repair, with the settings of node/libp2p/gossip.ts and else the defaults of @libp2p/gossipsub 17.1.1; no scores, since nobody lies here.
 */
import type { MessageHandler, PubSub } from '../../../core/pubsub.ts'
import type { Random } from '../../../core/random.ts'
import { sample } from '../../../discovery/peers/sampling.ts'
import type { Host, Network } from './network.ts'

/** D, Dlo, Dhi of node/libp2p/gossip.ts. */
const MESH = { wanted: 4, least: 3, most: 6 }
/** constants.ts of @libp2p/gossipsub: Dlazy, mcacheGossip, heartbeat. */
const LAZY_PEERS = 6
const LAZY_SHARE = 0.25
const WINDOWS = 3
const HEARTBEAT_MS = 1000
/** Signature 64, key 36, author 38, number 8, and the tags of protobuf around them and the topic. */
const MESSAGE_BYTES = 64 + 36 + 38 + 8 + 24
/** Author and number, by which IHAVE and IWANT name a message under StrictSign. */
const ID_BYTES = 46
/** To verify a signature and to judge a message (0.4 ms measured), with the queue of an event loop. */
const HOP_MS = 1

interface Message {
  readonly topic: string
  readonly author: GossipNode
  readonly data: Uint8Array
  readonly sentAt: number
  /** By index of the node. */
  readonly seen: Uint8Array
  /** The earliest arrival that is under way to a node. */
  readonly arrival: Float64Array
}

export interface Delivery {
  readonly topic: string
  readonly delayMs: number
  readonly message: object
}

interface GossipNode {
  readonly host: Host
  readonly random: Random
  readonly handlers: Map<string, MessageHandler>
  readonly links: Set<GossipNode>
  readonly meshes: Map<string, Set<GossipNode>>
  /** What came within the last heartbeats, the latest first. */
  recent: Message[][]
  cancelHeartbeat: () => void
}

export interface GossipEnd {
  readonly pubsub: PubSub
  linked(peer: string): void
  unlinked(peer: string): void
  /** The process ended. */
  leave(): void
}

export class GossipMesh {
  /** Told of each first arrival, and of nothing else. */
  onDelivery: ((delivery: Delivery) => void) | undefined
  readonly #network: Network
  readonly #nodes = new Map<string, GossipNode>()

  constructor(network: Network) {
    this.#network = network
  }

  join(host: Host, random: Random): GossipEnd {
    const node: GossipNode = {
      host,
      random,
      handlers: new Map(),
      links: new Set(),
      meshes: new Map(),
      recent: [[]],
      cancelHeartbeat: () => undefined
    }
    this.#nodes.set(host.peer, node)
    this.#beat(node, random.next() * HEARTBEAT_MS)
    const other = (peer: string): GossipNode | undefined => this.#nodes.get(peer)
    return {
      pubsub: this.#pubsubOf(node),
      linked: (peer) => void (other(peer) && node.links.add(other(peer) ?? node)),
      unlinked: (peer) => {
        for (const link of node.links) if (link.host.peer === peer) this.#unlink(node, link)
      },
      leave: () => {
        node.cancelHeartbeat()
        node.handlers.clear()
        for (const link of node.links) this.#unlink(node, link)
        if (other(host.peer) === node) this.#nodes.delete(host.peer)
      }
    }
  }

  /** Of the living nodes, those that have seen it. */
  static seenBy(message: object, hosts: readonly Host[]): number {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only made by publish
    const { seen, author } = message as Message
    return hosts.filter((host) => host === author.host || seen[host.index] === 1).length
  }

  #pubsubOf(node: GossipNode): PubSub {
    return {
      publish: async (topic, data) => this.#publish(node, topic, data),
      subscribe(topic, handler) {
        node.handlers.set(topic, handler)
        node.meshes.set(topic, new Set())
        return () => {
          node.handlers.delete(topic)
          node.meshes.delete(topic)
        }
      },
      subscribers: (topic) =>
        [...node.links].filter((link) => link.handlers.has(topic)).map((link) => link.host.peer)
    }
  }

  #unlink(node: GossipNode, link: GossipNode): void {
    node.links.delete(link)
    for (const mesh of node.meshes.values()) mesh.delete(link)
  }

  /** A node's own message goes to all its peers (floodPublish). */
  #publish(author: GossipNode, topic: string, data: Uint8Array): void {
    if (!author.host.alive) return
    const { length } = this.#network.hosts
    const sentAt = this.#network.time.monotonic()
    const arrival = new Float64Array(length).fill(Infinity)
    const message = { topic, author, data, sentAt, seen: new Uint8Array(length), arrival }
    message.seen[author.host.index] = 1
    author.recent[0]?.push(message)
    for (const link of author.links) this.#send(author, link, message)
  }

  #send(from: GossipNode, to: GossipNode, message: Message): void {
    const bytes = message.data.length + message.topic.length + MESSAGE_BYTES
    if (!this.#network.carry(from.host, to.host, bytes) || !to.handlers.has(message.topic)) return
    if (message.seen[to.host.index] === 1) return
    this.#deliver(from, to, { message, wayMs: this.#network.wayMs(from.host, to.host, bytes) })
  }

  #deliver(
    from: GossipNode,
    to: GossipNode,
    { message, wayMs }: { readonly message: Message; readonly wayMs: number }
  ): void {
    const { index } = to.host
    const at = this.#network.time.monotonic() + wayMs + HOP_MS
    // Only the first copy does anything but cost.
    if (message.seen[index] === 1 || (message.arrival[index] ?? 0) <= at) return
    message.arrival[index] = at
    this.#network.time.after(wayMs + HOP_MS, () => this.#receive(from, to, message))
  }

  #receive(from: GossipNode, to: GossipNode, message: Message): void {
    const { topic, author, data, seen, sentAt } = message
    const handler = to.handlers.get(topic)
    if (handler === undefined || seen[to.host.index] === 1 || !to.host.alive) return
    seen[to.host.index] = 1
    this.#network.note(author.host, to.host, 2)
    this.onDelivery?.({ topic, delayMs: this.#network.time.monotonic() - sentAt, message })
    const verdict = handler(author.host.peer, data, from.host.peer)
    if (typeof verdict !== 'string') {
      void verdict.then((later) => later === 'accept' && this.#relay(from, to, message))
    } else if (verdict === 'accept') this.#relay(from, to, message)
  }

  #relay(from: GossipNode, node: GossipNode, message: Message): void {
    node.recent[0]?.push(message)
    for (const peer of node.meshes.get(message.topic) ?? []) {
      if (peer !== from && peer !== message.author) this.#send(node, peer, message)
    }
  }

  #beat(node: GossipNode, inMs: number): void {
    node.cancelHeartbeat = this.#network.time.after(inMs, () => {
      for (const topic of node.handlers.keys()) this.#tend(node, topic)
      node.recent = [[], ...node.recent.slice(0, WINDOWS - 1)]
      this.#beat(node, HEARTBEAT_MS)
    })
  }

  #tend(node: GossipNode, topic: string): void {
    const mesh = node.meshes.get(topic) ?? new Set<GossipNode>()
    const listening = [...node.links].filter((link) => link.handlers.has(topic))
    const outside = listening.filter((link) => !mesh.has(link))
    if (mesh.size < MESH.least) {
      for (const link of sample(outside, MESH.wanted - mesh.size, node.random)) {
        const theirs = link.meshes.get(topic)
        if (theirs === undefined || theirs.size >= MESH.most) continue
        if (!this.#network.carry(node.host, link.host, topic.length)) continue
        mesh.add(link)
        theirs.add(node)
      }
    }
    if (mesh.size > MESH.most) {
      for (const link of sample(mesh, mesh.size - MESH.wanted, node.random)) {
        mesh.delete(link)
        link.meshes.get(topic)?.delete(node)
      }
    }
    this.#tellLazily(node, topic, outside)
  }

  /** IHAVE, IWANT, and what was wanted. */
  #tellLazily(node: GossipNode, topic: string, outside: readonly GossipNode[]): void {
    const had = node.recent.flat().filter((message) => message.topic === topic)
    if (had.length === 0) return
    const count = Math.max(LAZY_PEERS, Math.ceil(LAZY_SHARE * outside.length))
    for (const peer of sample(outside, count, node.random)) {
      if (!this.#network.carry(node.host, peer.host, had.length * ID_BYTES)) continue
      for (const message of had)
        if (message.seen[peer.host.index] !== 1) this.#fetch(node, peer, message)
    }
  }

  #fetch(from: GossipNode, to: GossipNode, message: Message): void {
    const bytes = message.data.length + message.topic.length + MESSAGE_BYTES
    this.#network.carry(to.host, from.host, ID_BYTES)
    if (!this.#network.carry(from.host, to.host, bytes)) return
    const wayMs = 3 * this.#network.wayMs(from.host, to.host, bytes)
    this.#deliver(from, to, { message, wayMs })
  }
}
