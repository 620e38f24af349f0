import { expect, test } from 'vitest'
import type { Peer } from '../../../../client/api.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { PeerRecord } from '../../../../discovery/directory/directory.ts'
import type { LinkAnswer, LinkNote } from '../../../../discovery/peers/mesh-links.ts'
import { meshGraph } from '../../../../node/operations/mesh-graph.ts'
import type { GraphParts } from '../../../../node/operations/mesh-graph.ts'

const [SELF, PEER, OTHER, FAR] = ['b-self', 'c-peer', 'a-other', 'd-far'] as const

function direct(peer: string, rttMs?: number): LinkNote {
  return { peer, path: 'direct', ...(rttMs !== undefined && { rttMs }) }
}

function connected(id: string): Peer {
  return {
    id,
    name: id,
    state: 'connected',
    addresses: [],
    rttMs: 1,
    agents: [],
    foundBy: [],
    version: '0.1.0'
  }
}

function record(peer: string, name: string): PeerRecord {
  return {
    peer,
    name,
    load: 0.5,
    slots: 4,
    connected: false,
    doubted: false,
    named: [],
    addresses: [],
    freshMs: 0,
    cards: []
  }
}

function graph(
  answers: Readonly<Record<string, LinkAnswer>> = {},
  parts: Partial<GraphParts> = {}
) {
  const survey = { answers: new Map(Object.entries(answers)), omitted: 0, askedAt: 100 }
  return meshGraph({
    self: SELF,
    version: '0.2.0',
    own: Object.keys(answers).map((peer) => direct(peer, 5)),
    peers: Object.keys(answers).map(connected),
    records: [],
    survey,
    now: 1100,
    ...parts
  })
}

test('a link of others counts as sure when both ends say so, with the shorter way', () => {
  const { links, ageMs } = graph({
    [PEER]: { links: [direct(OTHER, 9), direct(FAR)] },
    [OTHER]: { links: [direct(PEER, 7)] }
  })
  expect(links).toContainEqual({
    a: OTHER,
    b: PEER,
    path: 'direct',
    rttMs: 7,
    sure: true,
    seenBy: [PEER, OTHER]
  })
  expect(links).toContainEqual({
    a: PEER,
    b: FAR,
    path: 'direct',
    rttMs: null,
    sure: false,
    seenBy: [PEER]
  })
  expect(ageMs).toBe(1000)
})

test('of its own connections a node believes itself, whatever the peer says of them', () => {
  const lie: LinkNote = { peer: SELF, path: 'relay', via: FAR, rttMs: 0 }
  const { links } = graph({ [PEER]: { links: [lie] } })
  expect(links).toEqual([
    { a: SELF, b: PEER, path: 'direct', rttMs: 5, sure: true, seenBy: [SELF, PEER] }
  ])
})

test('nobody can make up a connection of this node', () => {
  const { links, nodes } = graph({ [PEER]: { links: [direct(SELF)] } }, { own: [] })
  expect(links).toEqual([])
  expect(nodes.map(({ id }) => id)).toEqual([SELF, PEER])
})

test('a relay is named where one end knows it', () => {
  const { links } = graph({
    [PEER]: { links: [{ peer: OTHER, path: 'relay', via: SELF }] },
    [OTHER]: { links: [{ peer: PEER, path: 'relay' }] }
  })
  expect(links.find(({ a, b }) => a === OTHER && b === PEER)).toMatchObject({
    path: 'relay',
    via: SELF,
    sure: true
  })
})

test('nodes say how far they are known, this node first', () => {
  const { nodes } = graph(
    {
      [PEER]: { links: [{ ...direct(FAR), name: 'elm' }] },
      [OTHER]: { reason: 'TIMED_OUT' }
    },
    { records: [record(SELF, 'oak'), record(OTHER, 'birch'), record('e-heard', 'ash')] }
  )
  const known = { agents: 0, load: 0.5 }
  expect(nodes).toEqual([
    { id: SELF, name: 'oak', state: 'self', version: '0.2.0', links: 'told', ...known },
    {
      id: OTHER,
      name: 'birch',
      state: 'connected',
      version: '0.1.0',
      links: 'silent',
      reason: 'TIMED_OUT',
      ...known
    },
    { id: PEER, name: PEER, state: 'connected', agents: null, version: '0.1.0', links: 'told' },
    { id: FAR, name: 'elm', state: 'heard', agents: null, links: 'unasked' },
    { id: 'e-heard', name: 'ash', state: 'heard', links: 'unasked', ...known }
  ])
})

test('a name of this node or of a card holder is not what a third party says', () => {
  const told = { links: [{ ...direct(FAR), name: 'liar' }] }
  const { nodes } = graph({ [PEER]: told }, { records: [record(FAR, 'elm')] })
  expect(nodes.find(({ id }) => id === FAR)?.name).toBe('elm')
})

test('more nodes than are shown are counted, and no link leads to one that is not shown', () => {
  const crowd = Array.from({ length: LIMITS.meshNodes.value }, (_, n) => record(`x-${n}`, `n${n}`))
  const { nodes, links, omitted } = graph({ [PEER]: { links: [] } }, { records: crowd })
  expect(nodes).toHaveLength(LIMITS.meshNodes.value)
  expect(nodes.slice(0, 2).map(({ id }) => id)).toEqual([SELF, PEER])
  expect(omitted).toBe(2)
  const ids = new Set(nodes.map(({ id }) => id))
  expect(links.every(({ a, b }) => ids.has(a) && ids.has(b))).toBe(true)
})
