/** Who wrote something, and when, as facts say it. */
import { useDashboard } from '../../dashboard.tsx'

/** The name of a node that this one knows; empty for others. */
export function useNames(): (peerId: string) => string {
  const { live } = useDashboard()
  const own = live.status.value
  const peers = live.peers.value ?? []
  return (id) => {
    if (own?.peerId === id) return own.name
    return peers.find((peer) => peer.id === id)?.name ?? ''
  }
}

/** The wall clock part of a hybrid logical time: ISO 8601. */
export function writtenAt(hlc: string): string {
  return hlc.replace(/-[^-]*$/, '')
}
