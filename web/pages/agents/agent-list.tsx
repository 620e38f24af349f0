/** All agents that this node knows of, as a table, or as skills with those that have them. */
import type { VNode } from 'preact'
import type { AgentSummary } from '../../../client/api.ts'
import { useDashboard } from '../../dashboard.tsx'
import { go, refine } from '../../location.tsx'
import { Badge } from '../../parts/badge.tsx'
import { Choices } from '../../parts/choices.tsx'
import { Command } from '../../parts/command.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Filter } from '../../parts/filter.tsx'
import { Name } from '../../parts/name.tsx'
import { sorted, Table } from '../../parts/table.tsx'
import type { Column, Sorting } from '../../parts/table.tsx'
import { hashOf } from '../../route.ts'
import type { Route } from '../../route.ts'

interface AgentRow extends AgentSummary {
  /** An own one that cannot be asked. */
  readonly off: boolean
}

const COLUMNS: readonly Column<AgentRow>[] = [
  {
    id: 'agent',
    title: 'Agent',
    width: 'minmax(110px,0.8fr)',
    sort: ({ id }) => id,
    cell: ({ id, node }) => (
      <a href={hashOf('agents', [id, node.id])} tabIndex={-1}>
        <Name text={id} />
      </a>
    )
  },
  {
    id: 'node',
    title: 'Node',
    width: 'minmax(90px,0.6fr)',
    sort: ({ node }) => node.name,
    cell: ({ node, local, off }) => (
      <>
        <Name text={node.name} id={node.id} />
        {local && !off && <span class="dim"> · here</span>}
        {off && <Badge tone="quiet" text="off" />}
      </>
    )
  },
  {
    id: 'does',
    title: 'Does',
    width: 'minmax(0,2fr)',
    rank: 'middle',
    cell: ({ description }) => <bdi>{description}</bdi>
  },
  {
    id: 'skills',
    title: 'Skills',
    width: 'minmax(0,1fr)',
    rank: 'low',
    cell: ({ skills }) => <bdi class="dim">{skills.map(({ id }) => id).join(', ')}</bdi>
  }
]

export function AgentList({ route }: { readonly route: Route }): VNode {
  const { live } = useDashboard()
  const { q = '', by = 'agent', sort = '' } = route.query
  const all = rowsOf(live.agents.value ?? [], live.disabled.value)
  const found = all.filter((row) => matches(row, q))
  const sorting: Sorting | undefined =
    sort === '' ? undefined : { id: sort.replace('-', ''), down: sort.startsWith('-') }
  const tell = (query: Readonly<Record<string, string>>): void =>
    refine(route, { ...route.query, ...query })
  return (
    <>
      <header class="page-head">
        <h1>Agents</h1>
        <Choices
          label="Shown by"
          value={by}
          options={[
            ['agent', 'Agents'],
            ['skill', 'Skills']
          ]}
          onChoose={(value) => tell({ by: value === 'agent' ? '' : value })}
        />
        <Filter value={q} what="agents" onInput={(value) => tell({ q: value })} />
      </header>
      {live.agents.value === undefined ? (
        <p class="dim" role="status">
          Asking the node …
        </p>
      ) : found.length === 0 ? (
        <NoAgents isFiltered={q !== ''} />
      ) : by === 'skill' ? (
        <Skills rows={found} q={q} />
      ) : (
        <Table
          label="Agents"
          columns={COLUMNS}
          rows={sorted(found, COLUMNS, sorting)}
          keyOf={({ id, node }) => `${node.id}\n${id}`}
          onOpen={({ id, node }) => go('agents', [id, node.id])}
          {...(sorting && { sorting })}
          onSort={({ id, down }) => tell({ sort: `${down ? '-' : ''}${id}` })}
        />
      )}
    </>
  )
}

function NoAgents({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  if (isFiltered) return <Empty title="No agent fits that." />
  return (
    <Empty title="No agents yet.">
      <p>Make one of your own, or bring in another node:</p>
      <Command text="lumos new my-agent" />
      <Command text="lumos invite" />
    </Empty>
  )
}

/** Each skill once, with all who have it. */
function Skills({ rows, q }: { readonly rows: readonly AgentRow[]; readonly q: string }): VNode {
  const skills = new Map<string, { description: string; rows: AgentRow[] }>()
  for (const row of rows) {
    for (const { id, description, tags } of row.skills) {
      if (q !== '' && !isIn(q, [id, description, ...tags, row.id, row.node.name])) continue
      const known = skills.get(id)
      if (known === undefined) skills.set(id, { description, rows: [row] })
      else known.rows.push(row)
    }
  }
  const found = [...skills].toSorted(([one], [other]) => one.localeCompare(other))
  return (
    <ul class="skills" aria-label="Skills">
      {found.map(([id, { description, rows: who }]) => (
        <li key={id} class="panel">
          <h2>
            <bdi class="mono">{id}</bdi>
          </h2>
          <p class="dim" dir="auto">
            {description}
          </p>
          <p class="row">
            {who.map((row) => (
              <a
                key={`${row.node.id}\n${row.id}`}
                class="chip"
                href={hashOf('agents', [row.id, row.node.id])}
              >
                <Name text={row.id} />
                <span class="dim"> @ </span>
                <Name text={row.node.name} id={row.node.id} />
              </a>
            ))}
          </p>
        </li>
      ))}
    </ul>
  )
}

/** With those of this node that are switched off: they are told by name alone. */
function rowsOf(agents: readonly AgentSummary[], disabled: readonly string[]): readonly AgentRow[] {
  const here = agents.filter(({ local }) => local)
  const known = new Set(here.map(({ id }) => id))
  const node = here[0]?.node ?? { id: 'here', name: 'this node' }
  const off = disabled
    .filter((id) => !known.has(id))
    .map((id) => ({
      id,
      name: id,
      description: 'Switched off: nobody can ask it.',
      version: '',
      skills: [],
      node,
      local: true,
      off: true
    }))
  return [
    ...agents.map((agent) => ({ ...agent, off: agent.local && disabled.includes(agent.id) })),
    ...off
  ]
}

function matches(row: AgentRow, q: string): boolean {
  const { id, name, description, node, skills } = row
  const words = skills.flatMap((skill) => [skill.id, skill.name, ...skill.tags])
  return isIn(q, [id, name, description, node.name, node.id, ...words])
}

function isIn(q: string, texts: readonly string[]): boolean {
  const text = texts.join('\n').toLowerCase()
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
