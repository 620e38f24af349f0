/** Draws how the spaces of shared memory stand: what is in them, and who has the same. */
import type { SpacePeer, SpaceState } from '../client/memory-api.ts'
import { bytes, plural, shortId } from './format.ts'
import type { Style } from './style.ts'
import { oneLine, padEnd } from './width.ts'

const ROOT_DIGITS = 8

export function renderMemoryStatus(spaces: readonly SpaceState[], style: Style): string[] {
  return spaces.flatMap((space, index) => [
    ...(index === 0 ? [] : ['']),
    headOf(space, style),
    ...peersOf(space.peers, style)
  ])
}

function headOf(
  { name, keys, bytes: size, writers, root, stale, peers }: SpaceState,
  style: Style
) {
  const equal = peers.every(({ inSync }) => inSync)
  const facts = [
    `${equal ? style.good('●') : style.doubtful('●')} ${style.strong(oneLine(name))}`,
    plural(keys, 'key'),
    bytes(size),
    plural(writers, 'writer'),
    style.faint(`root ${root.slice(0, ROOT_DIGITS)}`),
    ...(stale ? [style.doubtful('was alone for too long: takes, and gives only what is new')] : [])
  ]
  return facts.join('   ')
}

function peersOf(peers: readonly SpacePeer[], style: Style): string[] {
  if (peers.length === 0) return [`  ${style.faint('no peer that is connected has it')}`]
  const names = peers.map(({ id, name }) => (name === '' ? shortId(id) : oneLine(name)))
  const width = Math.max(...names.map(({ length }) => length))
  return peers.map(
    (peer, index) => `  ${padEnd(names[index] ?? '', width)}   ${standing(peer, style)}`
  )
}

function standing({ inSync, behind, ahead }: SpacePeer, style: Style): string {
  if (inSync) return style.good('in sync')
  if (behind === null || ahead === null) return style.doubtful('no answer')
  const parts = [
    ...(behind > 0 ? [`${behind.toLocaleString('en-US')} behind`] : []),
    ...(ahead > 0 ? [`${ahead.toLocaleString('en-US')} ahead`] : [])
  ]
  return style.doubtful(parts.length === 0 ? 'differs; it will be repaired' : parts.join(', '))
}
