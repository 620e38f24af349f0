/** The pane of gossip and memory: each space, and who has the same as this node. */
import type { SpacePeer, SpaceState } from '../../client/memory-api.ts'
import { bytes } from '../format.ts'
import type { Table } from './listing.ts'

const ROOT_DIGITS = 8

export function standing({ inSync, behind, ahead }: SpacePeer): string {
  if (inSync) return 'in sync'
  if (behind === null || ahead === null) return 'no answer'
  const parts = [
    ...(behind > 0 ? [`${behind.toLocaleString('en-US')} behind`] : []),
    ...(ahead > 0 ? [`${ahead.toLocaleString('en-US')} ahead`] : [])
  ]
  return parts.join(', ') || 'differs'
}

function equals({ peers }: SpaceState): number {
  return peers.filter(({ inSync }) => inSync).length
}

function syncCell({ peers, stale }: SpaceState): string {
  if (stale) return 'was alone too long'
  const others = peers.filter(({ inSync }) => !inSync)
  const [first] = others
  if (first === undefined) return peers.length === 0 ? 'nobody else has it' : 'in sync'
  return others.length === 1 ? `${standing(first)}: ${first.name}` : `${others.length} differ`
}

export const SPACES_TABLE: Table<SpaceState> = {
  columns: [
    {
      title: 'SPACE',
      width: 12,
      most: 24,
      rank: 0,
      cell: ({ name }) => name,
      paint: (text, _, style) => style.strong(text),
      order: ({ name }) => name
    },
    {
      title: 'KEYS',
      width: 8,
      rank: 1,
      align: 'right',
      cell: ({ keys }) => keys.toLocaleString('en-US'),
      order: ({ keys }) => keys,
      descends: true
    },
    {
      title: 'SIZE',
      width: 7,
      rank: 4,
      align: 'right',
      cell: ({ bytes: size }) => bytes(size),
      order: ({ bytes: size }) => size,
      descends: true
    },
    {
      title: 'WRITERS',
      width: 8,
      rank: 5,
      align: 'right',
      cell: ({ writers }) => String(writers),
      order: ({ writers }) => writers,
      descends: true
    },
    {
      title: 'IN SYNC',
      width: 8,
      rank: 3,
      align: 'right',
      cell: (space) => `${equals(space)}/${space.peers.length}`,
      order: (space) => space.peers.length - equals(space),
      descends: true
    },
    {
      title: 'ROOT',
      width: ROOT_DIGITS,
      rank: 6,
      cell: ({ root }) => root.slice(0, ROOT_DIGITS),
      paint: (text, _, style) => style.faint(text)
    },
    {
      title: 'PEERS',
      width: 18,
      most: 60,
      rank: 2,
      cell: syncCell,
      paint: (text, space, style) =>
        equals(space) === space.peers.length && !space.stale
          ? style.good(text)
          : style.doubtful(text)
    }
  ],
  key: ({ id }) => id,
  words: ({ name, id, peers }) => [name, id, ...peers.map((peer) => peer.name)].join(' '),
  sort: { title: 'SPACE', descending: false }
}
