/** Puts together what this node sees of the mesh and what its peers say of it. */
import { API_VERSION } from '../../client/api.ts'
import type { Peer } from '../../client/api.ts'
import type { MeshGraph, MeshLink, MeshNode } from '../../client/mesh-api.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { PeerRecord } from '../../discovery/directory/directory.ts'
import type { LinkNote, LinkSurvey } from '../../discovery/peers/mesh-links.ts'

export interface GraphParts {
  readonly self: PeerIdText
  /** Of this node. */
  readonly version: string
  /** This node's own connections. */
  readonly own: readonly LinkNote[]
  readonly peers: readonly Peer[]
  /** What is known by presence, this node included. */
  readonly records: readonly PeerRecord[]
  readonly survey: LinkSurvey
  /** Monotonic milliseconds. */
  readonly now: number
}

export function meshGraph(parts: GraphParts): MeshGraph {
  const { self, survey, now } = parts
  const links = linksOf(parts)
  const nodes = nodesOf(parts, links)
  const shown = nodes.slice(0, LIMITS.meshNodes.value)
  const ids = new Set(shown.map(({ id }) => id))
  const drawn = links.filter(({ a, b }) => ids.has(a) && ids.has(b))
  return {
    v: API_VERSION,
    self,
    nodes: shown,
    links: drawn,
    omitted: survey.omitted + (nodes.length - shown.length) + (links.length - drawn.length),
    ageMs: Math.max(0, Math.round(now - survey.askedAt))
  }
}

/** By both ends. Of its own connections this node believes itself alone. */
function linksOf({ self, own, survey }: GraphParts): readonly MeshLink[] {
  const links = new Map<string, MeshLink>()
  for (const note of own) addLink(links, { teller: self, self }, note)
  for (const [teller, answer] of survey.answers) {
    if (!('links' in answer)) continue
    for (const note of answer.links) {
      if (note.peer !== self || links.has(keyOf(self, teller))) {
        addLink(links, { teller, self }, note)
      }
    }
  }
  return [...links.values()]
}

interface Saying {
  readonly teller: PeerIdText
  readonly self: PeerIdText
}

function addLink(links: Map<string, MeshLink>, { teller, self }: Saying, note: LinkNote): void {
  const key = keyOf(teller, note.peer)
  const [a, b] = inOrder(teller, note.peer)
  const known = links.get(key)
  const seenBy = known === undefined ? [teller] : [...known.seenBy, teller]
  const mine = a === self || b === self
  if (mine && known !== undefined) {
    links.set(key, { ...known, seenBy })
    return
  }
  const via = known?.via ?? note.via
  links.set(key, {
    a,
    b,
    path: known?.path === 'relay' ? 'relay' : note.path,
    ...(via !== undefined && { via }),
    rttMs: shorter(known?.rttMs ?? null, note.rttMs ?? null),
    sure: mine || seenBy.length > 1,
    seenBy
  })
}

/** This node, those with a session, those somebody is connected to, then all others that are known. */
function nodesOf(parts: GraphParts, links: readonly MeshLink[]): readonly MeshNode[] {
  const { self, peers, records, survey } = parts
  const byId = new Map(peers.filter(({ id }) => id !== '').map((peer) => [peer.id, peer]))
  const known = new Map(records.map((record) => [record.peer, record]))
  const told = toldNames(survey)
  const linked = new Set(links.flatMap(({ a, b }) => [a, b]))
  const ids = new Set([self, ...linked, ...byId.keys(), ...known.keys()])
  return Array.from(ids, (id): MeshNode => {
    const peer = byId.get(id)
    const record = known.get(id)
    const version = id === self ? parts.version : peer?.version
    const load = record?.load ?? peer?.load
    return {
      id,
      name: record?.name || peer?.name || told.get(id) || '',
      state: id === self ? 'self' : (peer?.state ?? 'heard'),
      agents: record?.cards.length ?? null,
      ...(load !== undefined && { load }),
      ...(version !== undefined && { version }),
      ...standing(id, parts)
    }
  }).toSorted(
    (a, b) => rank(a, linked) - rank(b, linked) || byText(a.name, b.name) || byText(a.id, b.id)
  )
}

function rank({ id, state }: MeshNode, linked: ReadonlySet<string>): number {
  if (state === 'self') return 0
  if (state === 'connected') return 1
  return linked.has(id) ? 2 : 3
}

function standing(
  id: PeerIdText,
  { self, survey }: GraphParts
): Pick<MeshNode, 'links' | 'reason'> {
  const answer = survey.answers.get(id)
  if (id === self || (answer !== undefined && 'links' in answer)) return { links: 'told' }
  if (answer === undefined) return { links: 'unasked' }
  return { links: 'silent', reason: answer.reason }
}

/** The first who names a node names it: a hint where nobody knows better. */
function toldNames({ answers }: LinkSurvey): ReadonlyMap<PeerIdText, string> {
  const names = new Map<PeerIdText, string>()
  for (const answer of answers.values()) {
    if (!('links' in answer)) continue
    for (const { peer, name } of answer.links) {
      if (name !== undefined && !names.has(peer)) names.set(peer, name)
    }
  }
  return names
}

function shorter(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}

function inOrder(a: PeerIdText, b: PeerIdText): readonly [PeerIdText, PeerIdText] {
  return a < b ? [a, b] : [b, a]
}

function keyOf(a: PeerIdText, b: PeerIdText): string {
  return inOrder(a, b).join(' ')
}

function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
