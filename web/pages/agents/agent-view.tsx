/** One agent: what it can do, who vouches for that, and a place to try it. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { AgentSkill, AgentCard } from '../../../core/a2a.ts'
import { skillSchemasOf } from '../../../core/skill-schemas.ts'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { shortId } from '../../format.ts'
import { Badge } from '../../parts/badge.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { Name } from '../../parts/name.tsx'
import { Facts, Panel } from '../../parts/panel.tsx'
import { hashOf } from '../../route.ts'
import { signerOf } from './signer.ts'
import { TryIt } from './try-it.tsx'

export function AgentView({ id, node }: { readonly id: string; readonly node: string }): VNode {
  const { client, live } = useDashboard()
  const isOff = live.disabled.value.includes(id) && node !== '' && isHere(live, node)
  const known = live.agents.value?.find((agent) => agent.id === id && agent.node.id === node)
  const question = useAnswer(
    `${id}\n${node}`,
    isOff ? undefined : (signal) => client.agent(id, { signal, ...(node !== '' && { node }) }),
    known?.version ?? ''
  )
  const { value, error } = question
  return (
    <>
      <header class="page-head">
        <a class="back" href={hashOf('agents')} aria-label="All agents">
          ←
        </a>
        <h1>
          <Name text={value?.agent.name ?? id} />
          <span class="dim at">
            {' @ '}
            <Name text={value?.agent.node.name ?? known?.node.name ?? shortId(node)} id={node} />
          </span>
        </h1>
        {isHere(live, node) && <Switch id={id} isOff={isOff} />}
      </header>
      {error !== undefined && <ErrorBox error={error} onRetry={question.again} />}
      {isOff && <p class="dim">It is switched off: nobody can ask it.</p>}
      {value !== undefined && !isOff && (
        <div class="two-columns">
          <TryIt card={value.card} agent={value.agent} />
          <Card card={value.card} node={value.agent.node} />
        </div>
      )}
    </>
  )
}

function isHere(live: ReturnType<typeof useDashboard>['live'], node: string): boolean {
  return node === 'here' || live.status.value?.peerId === node
}

function Switch({ id, isOff }: { readonly id: string; readonly isOff: boolean }): VNode {
  const { client, live } = useDashboard()
  const state = useSignal<{ readonly isBusy: boolean; readonly error?: unknown }>({ isBusy: false })
  const turn = async (): Promise<void> => {
    state.value = { isBusy: true }
    try {
      await (isOff ? client.enableAgent(id) : client.disableAgent(id))
      await live.refresh()
      state.value = { isBusy: false }
    } catch (error) {
      state.value = { isBusy: false, error }
    }
  }
  return (
    <>
      <button type="button" disabled={state.value.isBusy} onClick={() => void turn()}>
        {isOff ? 'Switch on' : 'Switch off'}
      </button>
      {state.value.error !== undefined && <ErrorBox error={state.value.error} />}
    </>
  )
}

function Card({
  card,
  node
}: {
  readonly card: AgentCard
  readonly node: { readonly id: string; readonly name: string }
}): VNode {
  const { capabilities, skills, version, provider, description } = card
  const signer = signerOf(card)
  return (
    <div class="stack">
      <Panel
        title="Card"
        aside={
          signer === undefined ? (
            <Badge tone="warn" text="not signed" />
          ) : (
            <Badge tone="good" text="signature verified" />
          )
        }
      >
        <p class="said" dir="auto">
          {description}
        </p>
        <Facts
          facts={[
            ['Version', <bdi key="v">{version}</bdi>],
            ['Node', <Name key="n" text={node.name} id={node.id} />],
            ['PeerId', <code key="p">{node.id}</code>],
            ...(signer === undefined
              ? []
              : [['Signed', `by that node’s key, ${signer.algorithm}`] as const]),
            ...(provider === undefined
              ? []
              : [['Provider', <bdi key="o">{provider.organization}</bdi>] as const]),
            ['Streams', capabilities.streaming === true ? 'yes' : 'no']
          ]}
        />
      </Panel>
      <Panel title={skills.length === 1 ? 'Skill' : `${skills.length} skills`}>
        <ul class="skill-list">
          {skills.map((skill) => (
            <Skill key={skill.id} skill={skill} card={card} />
          ))}
        </ul>
      </Panel>
    </div>
  )
}

function Skill({ skill, card }: { readonly skill: AgentSkill; readonly card: AgentCard }): VNode {
  const { input, output } = skillSchemasOf(card, skill.id) ?? {}
  return (
    <li>
      <h3>
        <bdi class="mono">{skill.id}</bdi>
        {skill.tags.map((tag) => (
          <span key={tag} class="tag">
            <bdi>{tag}</bdi>
          </span>
        ))}
      </h3>
      <p dir="auto">{skill.description}</p>
      {input !== undefined && (
        <details>
          <summary>What it takes</summary>
          <JsonView value={input} />
        </details>
      )}
      {output !== undefined && (
        <details>
          <summary>What it gives</summary>
          <JsonView value={output} />
        </details>
      )}
    </li>
  )
}
