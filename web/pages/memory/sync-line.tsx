/** In one line: how large a space is, and whether the others have the same. */
import type { VNode } from 'preact'
import type { SpacePeer } from '../../../client/memory-api.ts'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { bytes, count } from '../../format.ts'
import { Badge } from '../../parts/badge.tsx'
import { Name } from '../../parts/name.tsx'

/** Peers are asked for it. */
const LOOK_MS = 5000

export function SyncLine({ space }: { readonly space: string }): VNode | null {
  const { client, live } = useDashboard()
  const asked = useAnswer(
    'memory status',
    (signal) => client.memory.status({ signal }),
    Math.floor(live.now.value / LOOK_MS)
  )
  const state = asked.value?.spaces.find(({ name }) => name === space)
  if (state === undefined) return null
  const { keys, bytes: size, writers, peers, stale } = state
  const behind = peers.filter(({ inSync }) => !inSync)
  return (
    <p class="sync">
      <span class="num">{count(keys)} keys</span>
      <span class="num">{bytes(size)}</span>
      <span class="num">
        {count(writers)} {writers === 1 ? 'writer' : 'writers'}
      </span>
      {stale && <Badge tone="warn" text="was alone for long: gives only what is new" />}
      {peers.length === 0 ? (
        <span class="dim">no other node has it just now</span>
      ) : behind.length === 0 ? (
        <Badge
          tone="good"
          text={`the same on ${peers.length === 1 ? 'the other node' : `all ${peers.length} others`}`}
        />
      ) : (
        behind.slice(0, 5).map((peer) => (
          <span key={peer.id}>
            <Badge tone="busy" text={distance(peer)} /> <Name text={peer.name} id={peer.id} />
          </span>
        ))
      )}
    </p>
  )
}

function distance({ behind, ahead }: SpacePeer): string {
  if (behind === null || ahead === null) return 'does not answer'
  const parts = [behind > 0 ? `${behind} behind` : '', ahead > 0 ? `${ahead} ahead` : '']
  return parts.filter((part) => part !== '').join(', ') || 'comparing'
}
