/** What is wrong, what was tried, and what to type: asked of the node again whenever somebody wants. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { Check, CheckState } from '../../client/doctor-api.ts'
import { useAnswer } from '../asking.tsx'
import { useDashboard, useShortcut } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { duration } from '../format.ts'
import { go } from '../location.tsx'
import { Badge } from '../parts/badge.tsx'
import type { Tone } from '../parts/badge.tsx'
import { Command } from '../parts/command.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Select } from '../parts/select.tsx'
import type { Route } from '../route.ts'

const TONES: Readonly<Record<CheckState, Tone>> = {
  ok: 'good',
  warning: 'warn',
  critical: 'bad',
  unknown: 'quiet'
}
/** The worst first. */
const ORDER: readonly CheckState[] = ['critical', 'warning', 'unknown', 'ok']

function Doctor({ route }: { readonly route: Route }): VNode {
  const { client, live } = useDashboard()
  const round = useSignal(0)
  const again = (): void => void (round.value += 1)
  useShortcut('r', 'examine again', again)
  const { peer = '' } = route.query
  const names = (live.peers.value ?? []).map(({ name, id }) => name || id)
  const {
    value: report,
    error,
    isAsking
  } = useAnswer(
    `doctor ${peer}`,
    (signal) => client.doctor({ signal, ...(peer !== '' && { peer }) }),
    round.value
  )
  const checks = report?.checks ?? []
  return (
    <>
      <header class="page-head">
        <h1>Doctor</h1>
        <Select
          label="About"
          value={peer}
          none="this node and its peers"
          options={names}
          onChoose={(value) => go('doctor', [], { peer: value })}
        />
        <button type="button" class="primary" disabled={isAsking} onClick={again}>
          {isAsking ? 'Examining …' : 'Examine again'}
        </button>
      </header>
      <p role="status" class="verdict">
        {report === undefined ? (isAsking ? 'Examining …' : '') : verdictOf(checks)}
      </p>
      {error !== undefined && <ErrorBox error={error} onRetry={again} />}
      <ul class="checks">
        {checks
          .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
          .map((check) => (
            <CheckItem key={`${check.area} ${check.name} ${check.text}`} check={check} />
          ))}
      </ul>
    </>
  )
}

function CheckItem({ check }: { readonly check: Check }): VNode {
  const { area, name, state, text, hint, code, tried = [], tookMs } = check
  return (
    <li class={`panel check ${state}`}>
      <div class="row">
        <Badge tone={TONES[state]} text={state} />
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span class="dim">{area}</span>
        {code !== undefined && <code class="dim">{code}</code>}
        {tookMs !== undefined && <span class="dim num">{duration(tookMs)}</span>}
      </div>
      <p dir="auto">{text}</p>
      {hint !== undefined && (
        <p>
          <Command text={hint} />
        </p>
      )}
      {tried.length > 0 && (
        <details open={state !== 'ok'}>
          <summary>What was tried</summary>
          <ol class="tried">
            {tried.map(({ step, ok, text: told, tookMs: took }) => (
              <li key={`${step} ${told}`} class={ok ? '' : 'failed'}>
                <span aria-hidden="true">{ok ? '✓' : '✕'}</span>
                <span class="hidden-words">{ok ? 'well:' : 'failed:'}</span>
                <code>{step}</code>
                <bdi>{told}</bdi>
                {took !== undefined && <span class="dim num">{duration(took)}</span>}
              </li>
            ))}
          </ol>
        </details>
      )}
    </li>
  )
}

function verdictOf(checks: readonly Check[]): string {
  const bad = checks.filter(({ state }) => state === 'critical').length
  const odd = checks.filter(({ state }) => state === 'warning').length
  if (bad + odd === 0) return `All is well: ${checks.length} checks`
  const parts = [
    ...(bad > 0 ? [`${bad} wrong`] : []),
    ...(odd > 0 ? [`${odd} to look at`] : []),
    `${checks.length - bad - odd} well or not known`
  ]
  return parts.join(', ')
}

export const page: Page = {
  id: 'doctor',
  title: 'Doctor',
  key: 'd',
  order: 90,
  icon: 'M3 12h4l2.5-6 4 12 2.5-6h5',
  view: Doctor
}
