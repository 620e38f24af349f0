/** Answers the peers that repair their replicas with those of this node. */
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { CallContext, MethodTable } from '../session/session.ts'
import * as codec from './codec.ts'
import type { Layout } from './codec.ts'
import { REPLICATION_METHODS as METHODS } from './constants.ts'
import type { ReplicationPeer, WireBatch, WireId } from './schema.ts'
import type { Served, ServingGate } from './serving-gate.ts'

export interface ReplicationServerComponents {
  readonly methods: MethodTable
  readonly gate: ServingGate
  /**
   * The replica of `space` for what `peer` may do with it.
   *
   * @throws SPACE_UNKNOWN also when the peer may not know of the space
   */
  readonly find: (space: WireId, peer: PeerIdText) => ReplicationPeer
  /** Told when a peer sent what nobody honest sends. */
  readonly onOffence: (peer: PeerIdText, error: LumosError) => void
}

const OFFENCES: ReadonlySet<string> = new Set(['RECORD_INVALID', 'SPACE_INVALID', 'REPAIR_REFUSED'])

/** Registers the methods of repair. Each request begins with the id of the space. */
export function serveReplication(components: ReplicationServerComponents): void {
  const server = new ReplicationServer(components)
  const { nothing, id, names, statements, vector, batch } = codec
  const place = codec.pair(id, codec.block)
  server.request(METHODS.summary, ask(nothing, codec.summary), (replica) => replica.summary())
  server.request(METHODS.statements, ask(nothing, statements), (replica) => replica.statements())
  server.admit()
  server.request(METHODS.vector, ask(nothing, vector), (replica) => replica.vector())
  server.request(METHODS.writers, ask(nothing, codec.writers), (replica) => replica.writers())
  server.request(METHODS.blocks, ask(id, codec.blocks), (replica, writer) => replica.blocks(writer))
  server.request(METHODS.names, ask(place, names), (replica, [writer, block]) =>
    replica.names(writer, block)
  )
  server.request(
    METHODS.push,
    { ...ask(batch, codec.receipt), moves: ({ records }) => records.length },
    (replica, sent) => replica.push(sent)
  )
  server.stream(METHODS.pull, vector, (replica, theirs) => replica.pull(theirs))
  server.stream(METHODS.records, codec.pair(id, names), (replica, [writer, named]) =>
    replica.records(writer, named)
  )
}

function ask<A, B>(request: Layout<A>, answer: Layout<B>): Shape<A, B> {
  return { request, answer }
}

interface Shape<A, B> {
  readonly request: Layout<A>
  readonly answer: Layout<B>
  /** How many records a request moves; none if left out. */
  readonly moves?: (request: A) => number
}

class ReplicationServer {
  readonly #components: ReplicationServerComponents

  constructor(components: ReplicationServerComponents) {
    this.#components = components
  }

  get #gate(): ServingGate {
    return this.#components.gate
  }

  /** Each costs as much as a record: to check all that a space may have takes half a second. */
  admit(): void {
    const { statements, encode, nothing } = codec
    this.#components.methods.request(METHODS.admit, (body, { peer, signal }) =>
      this.#judged(peer, async () => {
        const { replica, value } = this.#read(statements, body, peer)
        await replica.admit(value, (records, part) =>
          this.#gate.run(peer, signal, async () => ({ answer: await part(), records }))
        )
        return encode(nothing, undefined)
      })
    )
  }

  request<A, B>(
    method: string,
    { request, answer, moves }: Shape<A, B>,
    handle: (replica: ReplicationPeer, value: A) => Promise<B>
  ): void {
    this.#components.methods.request(method, (body, { peer, signal }) =>
      this.#judged(peer, async () => {
        const { replica, value } = this.#read(request, body, peer)
        return this.#gate.run(peer, signal, async () => ({
          answer: codec.encode(answer, await handle(replica, value)),
          records: moves?.(value) ?? 0
        }))
      })
    )
  }

  /** Each batch takes its turn, so that a peer that reads slowly keeps no place from others. */
  stream<A>(
    method: string,
    request: Layout<A>,
    handle: (replica: ReplicationPeer, value: A) => AsyncIterable<WireBatch>
  ): void {
    this.#components.methods.stream(method, (body, context) =>
      this.#batches(context, () => {
        const { replica, value } = this.#read(request, body, context.peer)
        return handle(replica, value)
      })
    )
  }

  async *#batches(
    { peer, signal }: CallContext,
    begin: () => AsyncIterable<WireBatch>
  ): AsyncGenerator<Uint8Array> {
    const batches = (await this.#judged(peer, async () => begin()))[Symbol.asyncIterator]()
    try {
      for (;;) {
        const bytes = await this.#gate.run(peer, signal, () => nextOf(batches))
        if (bytes === undefined) return
        yield bytes
      }
    } finally {
      await batches.return?.()
    }
  }

  #read<A>(request: Layout<A>, body: Uint8Array, peer: PeerIdText): Asked<A> {
    const [space, value] = codec.decode(codec.pair(codec.id, request), body)
    return { replica: this.#components.find(space, peer), value }
  }

  async #judged<T>(peer: PeerIdText, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      const known = toLumosError(error)
      if (OFFENCES.has(known.code)) this.#components.onOffence(peer, known)
      throw error
    }
  }
}

interface Asked<A> {
  readonly replica: ReplicationPeer
  readonly value: A
}

async function nextOf(batches: AsyncIterator<WireBatch>): Promise<Served<Uint8Array | undefined>> {
  const next = await batches.next()
  if (next.done === true) return { answer: undefined, records: 0 }
  const { length } = next.value.records
  return { answer: codec.encode(codec.batch, next.value), records: length }
}
