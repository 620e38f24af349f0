/** One peer: how this node stands with it, and what can be done about that. */
import type { VNode } from 'preact'
import type { Peer } from '../../../client/api.ts'
import type { PeerDetails } from '../../../client/peers-api.ts'
import type { PeerVitals } from '../../../client/vitals-api.ts'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { bytes, count, duration, percent } from '../../format.ts'
import { PeerBadge } from '../../parts/badge.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Name } from '../../parts/name.tsx'
import { Facts } from '../../parts/panel.tsx'
import { Ago } from '../../parts/time.tsx'
import { hashOf } from '../../route.ts'
import { PeerActions } from './peer-actions.tsx'

export interface PeerPanelProps {
  readonly peer: Peer
  readonly vitals: PeerVitals | undefined
  readonly onClose: () => void
}

export function PeerPanel({ peer, vitals, onClose }: PeerPanelProps): VNode {
  const { client } = useDashboard()
  const { value: details } = useAnswer(
    `peer ${peer.id}`,
    (signal) => client.peer(peer.id, { signal }),
    peer.state
  )
  return (
    <aside class="panel details" aria-label={`Peer ${peer.name}`}>
      <header>
        <h2>
          <Name text={peer.name} id={peer.id} />
        </h2>
        <PeerBadge state={peer.state} />
        <button type="button" class="quiet small" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {peer.error !== undefined && <ErrorBox error={peer.error} />}
      <PeerActions key={peer.id} peer={peer} isBlocked={details?.block !== undefined} />
      <PeerFacts {...{ peer, details, vitals }} />
      <h3>Agents</h3>
      {peer.agents.length === 0 && <p class="dim">None that this node knows of.</p>}
      <ul class="chips">
        {peer.agents.map((agent) => (
          <li key={agent}>
            <a class="chip" href={hashOf('agents', [agent, peer.id])}>
              <Name text={agent} />
            </a>
          </li>
        ))}
      </ul>
      <h3>Addresses</h3>
      <ul class="addresses">
        {peer.addresses.map((address) => (
          <li key={address}>
            <code>{address}</code>
            <CopyButton text={address} what="the address" />
          </li>
        ))}
      </ul>
    </aside>
  )
}

function PeerFacts({
  peer,
  details,
  vitals
}: Omit<PeerPanelProps, 'onClose'> & { readonly details: PeerDetails | undefined }): VNode {
  return (
    <Facts
      facts={[
        [
          'Id',
          <span key="id" class="row tight">
            <code>{peer.id}</code>
            <CopyButton text={peer.id} what="the id" />
          </span>
        ],
        ['Round trip', duration(peer.rttMs)],
        ...(peer.path === undefined ? [] : [['Path', peer.path] as const]),
        ...(peer.load === undefined ? [] : [['Load', percent(peer.load)] as const]),
        ...(peer.since === undefined
          ? []
          : [['Since', <Ago key="since" iso={peer.since} />] as const]),
        ...(vitals === undefined
          ? []
          : ([
              ['Traffic', `${bytes(vitals.bytesIn)}/s in · ${bytes(vitals.bytesOut)}/s out`],
              ['Our tasks', `${count(vitals.running)} running · ${count(vitals.queued)} waiting`],
              ['Its tasks', `${count(vitals.serving)} here`],
              [
                'Last minute',
                `${count(vitals.donePerMinute)} ended · ${count(vitals.failedPerMinute)} failed`
              ],
              ['Took', `p50 ${duration(vitals.p50Ms)} · p95 ${duration(vitals.p95Ms)}`]
            ] as const)),
        ['Role', details?.role ?? '—'],
        ['Found by', peer.foundBy.join(', ') || '—'],
        ...(peer.version === undefined ? [] : [['Version', peer.version] as const]),
        ...(details?.block === undefined
          ? []
          : [
              [
                'Blocked',
                <span key="b" dir="auto">
                  {details.block.reason ?? 'without a reason'}
                </span>
              ] as const
            ]),
        ...(details?.blame === undefined
          ? []
          : [
              [
                'Misbehaved',
                `${details.blame.reason ?? ''} ${duration(details.blame.agoMs)} ago`
              ] as const
            ])
      ]}
    />
  )
}
