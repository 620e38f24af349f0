/** The pane of agents: what can be asked of this node and its peers. */
import type { AgentSummary } from '../../client/api.ts'
import { shortId } from '../format.ts'
import { NOTHING } from './figures.ts'
import type { Table } from './listing.ts'

function nodeOf({ node, local }: AgentSummary): string {
  return local ? 'this' : node.name || shortId(node.id)
}

export const AGENTS_TABLE: Table<AgentSummary> = {
  columns: [
    {
      title: 'AGENT',
      width: 12,
      most: 24,
      rank: 0,
      cell: ({ id }) => id,
      paint: (text, _, style) => style.strong(text),
      order: ({ id }) => id
    },
    {
      title: 'NODE',
      width: 10,
      most: 20,
      rank: 1,
      cell: nodeOf,
      paint: (text, { local }, style) => (local ? style.accent(text) : text),
      order: nodeOf
    },
    {
      title: 'SKILLS',
      width: 12,
      most: 36,
      rank: 3,
      cell: ({ skills }) => skills.map(({ id }) => id).join(' ') || NOTHING,
      order: ({ skills }) => skills.length,
      descends: true
    },
    {
      title: 'VERSION',
      width: 8,
      rank: 4,
      cell: ({ version }) => version || NOTHING,
      order: ({ version }) => version
    },
    {
      title: 'WHAT IT DOES',
      width: 14,
      most: 400,
      rank: 2,
      cell: ({ description }) => description || NOTHING,
      paint: (text, _, style) => style.faint(text)
    }
  ],
  key: ({ id, node }) => `${node.id} ${id}`,
  words: (agent) =>
    [agent.id, nodeOf(agent), agent.description, ...agent.skills.map(({ id }) => id)].join(' '),
  sort: { title: 'AGENT', descending: false }
}
