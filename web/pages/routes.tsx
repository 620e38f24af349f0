/** Who would be asked, if it were now, and why: for any agent, skill, tag or demand. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { AgentSummary } from '../../client/api.ts'
import type { RouteExplanation, RouteStanding } from '../../client/routing-api.ts'
import { ROUTE_POLICIES } from '../../core/route-choice.ts'
import { useAnswer } from '../asking.tsx'
import type { Answer } from '../asking.tsx'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { duration, percent } from '../format.ts'
import { go } from '../location.tsx'
import { factsOf, partsOf, verdictOf } from '../model/route-words.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Name } from '../parts/name.tsx'
import { Select } from '../parts/select.tsx'
import { hashOf } from '../route.ts'
import type { Route } from '../route.ts'

const LOOK_MS = 3000

function Routes({ route }: { readonly route: Route }): VNode {
  const { live } = useDashboard()
  const [target = ''] = route.path
  const { policy: wanted = '', where: place = '' } = route.query
  const asked = useExplanation(target, { wanted, place })
  const tell = (change: Readonly<Record<string, string>>): void =>
    go('routes', [target], { ...route.query, ...change })
  const { value: explanation, error } = asked
  return (
    <>
      <header class="page-head">
        <h1>Routes</h1>
        <Target
          key={target}
          value={target}
          agents={live.agents.value ?? []}
          onChoose={(value) => go('routes', value === '' ? [] : [value], route.query)}
        />
        <div class="row filters">
          <Select
            label="Policy"
            value={wanted}
            none="policy as configured"
            options={ROUTE_POLICIES}
            onChoose={(value) => tell({ policy: value })}
          />
          <Select
            label="Where"
            value={place}
            none="anywhere"
            options={WHERE}
            onChoose={(value) => tell({ where: value })}
          />
        </div>
      </header>
      {target === '' && <Start agents={live.agents.value ?? []} />}
      {error !== undefined && <ErrorBox error={error} onRetry={asked.again} />}
      {explanation !== undefined && error === undefined && (
        <>
          <p class="dim route-summary">
            {explanation.candidates.length === 1
              ? 'One can do it'
              : `${explanation.candidates.length} can do it`}
            ; policy <b>{explanation.policy}</b>; found in {duration(explanation.lookupMs)}.
          </p>
          <Candidates candidates={explanation.candidates} />
        </>
      )}
    </>
  )
}

/** Asked anew while somebody looks: what is measured changes with each task. */
function useExplanation(
  target: string,
  { wanted, place }: { readonly wanted: string; readonly place: string }
): Answer<RouteExplanation> {
  const { client, live } = useDashboard()
  const policy = ROUTE_POLICIES.find((one) => one === wanted)
  const where = WHERE.find((one) => one === place)
  const query = { target, ...(policy && { policy }), ...(where && { where }) }
  return useAnswer(
    JSON.stringify(query),
    target === '' ? undefined : (signal) => client.explainRoute(query, { signal }),
    Math.floor(live.now.value / LOOK_MS)
  )
}

const WHERE = ['local', 'remote'] as const

interface TargetProps {
  readonly value: string
  readonly agents: readonly AgentSummary[]
  readonly onChoose: (value: string) => void
}

function Target({ value, agents, onChoose }: TargetProps): VNode {
  const id = useId()
  const text = useSignal(value)
  const names = new Set(
    agents.flatMap(({ id: agent, skills }) => [agent, ...skills.map((skill) => skill.id)])
  )
  return (
    <form
      class="row target"
      onSubmit={(event) => {
        event.preventDefault()
        onChoose(text.value.trim())
      }}
    >
      <input
        data-filter
        aria-label="Agent, skill, tag or demand"
        placeholder="Agent, skill, tag: vision.caption lang=de price<0.01"
        list={id}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <datalist id={id}>
        {[...names].toSorted().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" class="primary" disabled={text.value.trim() === ''}>
        Explain
      </button>
    </form>
  )
}

/** Skills that several nodes have: there a choice is made. */
function Start({ agents }: { readonly agents: readonly AgentSummary[] }): VNode {
  const nodes = new Map<string, number>()
  for (const { id } of agents) nodes.set(id, (nodes.get(id) ?? 0) + 1)
  const names = [...nodes].toSorted(([, one], [, other]) => other - one).slice(0, 12)
  return (
    <Empty title="Whose task shall it be?">
      <p>
        Name an agent, a skill or a tag, with what you demand of it: here is who would be asked, and
        why.
      </p>
      <p class="row">
        {names.map(([name, count]) => (
          <a key={name} class="chip" href={hashOf('routes', [name])}>
            <Name text={name} />
            {count > 1 && <span class="dim num"> {count} nodes</span>}
          </a>
        ))}
      </p>
    </Empty>
  )
}

function Candidates({ candidates }: { readonly candidates: readonly RouteStanding[] }): VNode {
  const most = Math.max(...candidates.map(({ costMs }) => costMs))
  return (
    <>
      <p class="legend" aria-hidden="true">
        {(['way', 'queue', 'run', 'risk'] as const).map((part) => (
          <span key={part} class={`part-${part}`}>
            <i /> {LEGEND[part]}
          </span>
        ))}
      </p>
      <ol class="candidates" aria-label="Candidates, likeliest first">
        {candidates.map((candidate) => (
          <Candidate
            key={`${candidate.peer.id}\n${candidate.agent}`}
            candidate={candidate}
            most={most}
            others={candidates.length - 1}
          />
        ))}
      </ol>
    </>
  )
}

const LEGEND = {
  way: 'on the way',
  queue: 'in the queue',
  run: 'at work',
  risk: 'failures repeated'
}

interface CandidateProps {
  readonly candidate: RouteStanding
  readonly most: number
  readonly others: number
}

function Candidate({ candidate, most, others }: CandidateProps): VNode {
  const { peer, agent, local, path, chance, costMs, excludedMs, why } = candidate
  const isOut = excludedMs > 0 || ['banned', 'breaker-open', 'not-connected'].includes(why)
  return (
    <li class={`panel ${chance > 0 ? 'chosen' : ''}`}>
      <header>
        <h2>
          <a href={hashOf('agents', [agent, peer.id])}>
            <Name text={agent} />
            <span class="dim"> @ </span>
            <Name text={peer.name} id={peer.id} />
          </a>
          <span class="dim">{local ? ' here' : ` ${path}`}</span>
        </h2>
        <Badge
          tone={chance > 0 ? 'good' : isOut ? 'bad' : 'quiet'}
          text={chance > 0 ? percent(chance) : why.replaceAll('-', ' ')}
        />
      </header>
      <div class="cost" role="img" aria-label={`Expected ${duration(costMs)}`}>
        {partsOf(candidate, most).map(({ name, ms, share }) => (
          <i
            key={name}
            class={`part-${name}`}
            title={`${LEGEND[name]} ${duration(ms)}`}
            style={{ '--share': share }}
          />
        ))}
        <em class="num">{duration(costMs)}</em>
      </div>
      <p>{verdictOf(candidate, others)}</p>
      <p class="dim">{factsOf(candidate)}.</p>
    </li>
  )
}

export const page: Page = {
  id: 'routes',
  title: 'Routes',
  key: 'r',
  order: 70,
  icon: 'M5 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM19 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 17h8a3 3 0 0 0 0-6H9a3 3 0 0 1 0-6h8',
  view: Routes
}
