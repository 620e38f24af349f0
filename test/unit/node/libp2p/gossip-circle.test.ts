import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { createGossipCircle } from '../../../../node/libp2p/gossip-circle.ts'
import type { Session, SessionEvents } from '../../../../protocols/session/session.ts'

type CreateGossip = Parameters<ReturnType<typeof createGossipCircle>['around']>[0]
type Components = Parameters<CreateGossip>[0]
type Topology = Parameters<Components['registrar']['register']>[1]

function peerId(name: string): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its text is all that is asked for
  return { toString: () => name } as never
}

function setup() {
  const known: string[] = []
  const registered: Topology[] = []
  const open = new Map<string, Session>()
  const events = new EventEmitter<SessionEvents>()
  const circle = createGossipCircle()
  circle.follow({ events, get: (peer) => open.get(peer) })
  const registrar = {
    async register(_: string, topology: Topology): Promise<string> {
      registered.push(topology)
      return 'id'
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what gossip does with them here
  const components = { registrar } as unknown as Components
  const create: CreateGossip = ({ registrar: guarded }) => {
    void guarded.register('/meshsub/1.2.0', {
      onConnect: (peer) => void known.push(`+ ${String(peer)}`),
      onDisconnect: (peer) => void known.push(`- ${String(peer)}`)
    })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody speaks with it
    return {} as ReturnType<CreateGossip>
  }
  circle.around(create)(components)
  return {
    known,
    connect: (name: string) => registered[0]?.onConnect?.(peerId(name), {} as never),
    disconnect: (name: string) => registered[0]?.onDisconnect?.(peerId(name)),
    openSession: (peer: string) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whose it is, is all that counts
      const session = { peer } as Session
      open.set(peer, session)
      events.emit('opened', session)
    },
    closeSession: (peer: string) => {
      const session = open.get(peer)
      open.delete(peer)
      if (session !== undefined) events.emit('closed', session, new Error() as never)
    }
  }
}

test('gossip is told of a connected peer when a session with it opens', () => {
  const { known, connect, openSession } = setup()
  void connect('alice')
  expect(known).toEqual([])
  openSession('alice')
  expect(known).toEqual(['+ alice'])
})

test('a peer that has a session is known as soon as it is connected', () => {
  const { known, connect, openSession, closeSession } = setup()
  openSession('alice')
  void connect('alice')
  expect(known).toEqual(['+ alice'])
  closeSession('alice')
  void connect('alice')
  expect(known).toEqual(['+ alice'])
})

test('who was disconnected is not introduced by a session that opens later', () => {
  const { known, connect, disconnect, openSession } = setup()
  void connect('alice')
  void disconnect('alice')
  openSession('alice')
  expect(known).toEqual(['- alice'])
})
