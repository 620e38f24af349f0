/** Joins the blobs of a node: its disk keeps them, its spaces name them, its connections carry them. */
import { join } from 'node:path'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import { createAccess } from '../memory/spaces/access.ts'
import { createBlobReferences } from '../memory/blobs/blob-references.ts'
import { createBlobs } from '../memory/blobs/blobs.ts'
import type { Blobs } from '../memory/blobs/blobs.ts'
import type { NodeMemory } from '../memory/spaces/open-spaces.ts'
import { createBlobClient } from '../protocols/blob/client.ts'
import { createBlobServer } from '../protocols/blob/server.ts'
import type { StreamHost } from '../protocols/frames/host.ts'
import { openBlobStore } from '../storage/blob-store.ts'
import { keyOfPeer } from '../trust/author-key.ts'
import type { NodeComponents, Wire } from './wire.ts'

export interface NodeBlobsComponents extends NodeComponents {
  readonly wire: Wire
  readonly memory: NodeMemory
}

export interface NodeBlobs extends Pick<Blobs, 'put' | 'get'> {
  /** What is on disk: starts after the spaces, which say what of it is still named. */
  readonly keeping: Component
  /** What peers are sent: starts after the network. */
  readonly serving: Component
}

export interface NodeBlobsInit {
  readonly dataDirectory: string
}

export function createNodeBlobs(components: NodeBlobsComponents, init: NodeBlobsInit): NodeBlobs {
  const { clock, wire } = components
  const logger = components.logger.child('blobs')
  const { host } = wire
  let opened: Blobs | undefined

  function blobs(): Blobs {
    if (opened === undefined) throw new LumosError('SHUTTING_DOWN')
    return opened
  }

  return {
    put: async (content) => blobs().put(content),
    async *get(hash, signal) {
      yield* blobs().get(hash, signal)
    },
    keeping: {
      async start() {
        opened ??= await openBlobs({ ...components, logger, host }, init)
        await opened.start()
      },
      async stop() {
        await opened?.stop()
        opened = undefined
      }
    },
    serving: createBlobServer({
      clock,
      logger,
      host,
      find: (hash, peer) => blobs().findFor(peer, hash)
    })
  }
}

async function openBlobs(
  {
    clock,
    random,
    logger,
    host,
    wire,
    memory
  }: NodeBlobsComponents & {
    readonly host: StreamHost
  },
  { dataDirectory }: NodeBlobsInit
): Promise<Blobs> {
  const directory = join(dataDirectory, 'blobs')
  return createBlobs({
    clock,
    random,
    logger,
    store: await openBlobStore({ clock, random }, { directory }),
    client: createBlobClient({ clock, host }),
    references: createBlobReferences({
      store: (space) => memory.storeOf(space),
      spaces: () => memory.spaces()
    }),
    peers: () => wire.sessions.all().map(({ peer }) => peer),
    mayRead(id, peer) {
      const found = memory.spaces().find(({ space }) => space.id === id)
      if (found === undefined) return false
      const access = createAccess(found.space, found.statements)
      const authors = wire.nodeSwarm.idsOf(peer).map(keyOfPeer)
      return authors.some((author) => access.mayRead(author, clock.now()))
    },
    onOffence(peer, { code }) {
      wire.blame.add(peer, 1, code)
      logger.warn('a peer sent what no honest one sends', { peer, code })
    }
  })
}
