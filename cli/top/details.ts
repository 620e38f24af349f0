/** All about the one row that was opened. */
import { textOf } from '../../core/a2a.ts'
import { duration, percent, shortId, stateName } from '../format.ts'
import type { Style } from '../style.ts'
import { padEnd, printable } from '../width.ts'
import type { Data, Task } from './data.ts'
import { flow, rate, time } from './figures.ts'
import { wrap } from './line.ts'
import { fieldsOf } from './logs-table.ts'
import type { PaneId } from './panes.ts'
import { peerRows, type PeerRow } from './peers-table.ts'
import { standing } from './spaces-table.ts'
import { tame } from './tame.ts'

export interface DetailsView {
  readonly columns: number
  readonly style: Style
}

type Row = readonly [label: string, text: string]

const LABEL = 9
/** Of an answer of many pages, what somebody reads here; `lumos tasks show` has the rest. */
const LONGEST_TEXT = 4000
const MOST_LINES = 200

/** Lines for the row with this key; some come later, when the node was asked for more. */
export function detailLines(
  data: Data,
  { pane, key }: { readonly pane: PaneId; readonly key: string },
  view: DetailsView
): string[] {
  const lines = {
    peers: () => peerLines(data, key, view),
    tasks: () => taskLines(data, key, view),
    agents: () => agentLines(data, key, view),
    memory: () => spaceLines(data, key, view),
    logs: () => logLines(data, key, view)
  }[pane]()
  return lines.length === 0 ? [view.style.faint(tame('it is gone', view.columns))] : lines
}

function titled(title: string, rows: readonly Row[], view: DetailsView): string[] {
  const { columns, style } = view
  return [style.strong(tame(title, columns)), ...rows.flatMap((row) => labelled(row, view))]
}

function labelled([label, text]: Row, { columns, style }: DetailsView): string[] {
  const indent = columns < 30 ? 0 : LABEL + 1
  const room = Math.max(1, columns - indent)
  return wrap(tame(text, LONGEST_TEXT), room).map((line, index) =>
    indent === 0 ? line : `${style.faint(padEnd(index === 0 ? label : '', LABEL))} ${line}`
  )
}

/** Text of several lines as it is, each line made harmless. */
function paragraphs(text: string, { columns }: DetailsView): string[] {
  return printable(text.slice(0, LONGEST_TEXT))
    .trimEnd()
    .split('\n')
    .slice(0, MOST_LINES)
    .flatMap((line) => wrap(tame(line, LONGEST_TEXT), Math.max(1, columns)))
}

function optional(label: string, text: string | undefined): Row[] {
  return text === undefined || text === '' ? [] : [[label, text]]
}

function peerLines(data: Data, key: string, view: DetailsView): string[] {
  const row = peerRows(data).find(({ id }) => id === key)
  if (row === undefined) return []
  const { peer } = row
  const rows: Row[] = [
    ['id', row.id],
    ['state', stateOf(row)],
    ...optional('load', row.vitals?.load === undefined ? undefined : percent(row.vitals.load)),
    ...optional('agents', peer?.agents.join(' ')),
    ...optional('version', peer?.version),
    ...optional('since', peer?.since),
    ...optional('found by', peer?.foundBy.join(', ')),
    ...(peer?.addresses ?? []).map((address, index): Row => [index === 0 ? 'at' : '', address]),
    ...optional('why', peer?.error?.message),
    ...measured(row),
    ...told(data, key)
  ]
  return titled(row.name || shortId(row.id), rows, view)
}

function stateOf({ peer, vitals }: PeerRow): string {
  const rtt = vitals?.rttMs ?? peer?.rttMs ?? null
  const path = vitals?.path ?? peer?.path
  return [peer?.state ?? 'connected', path, rtt === null ? undefined : duration(rtt)]
    .filter(Boolean)
    .join(', ')
}

function measured({ vitals }: PeerRow): Row[] {
  if (vitals === undefined) return []
  const { running, queued, donePerMinute, failedPerMinute, serving, bytesIn, bytesOut } = vitals
  const took = `p50 ${time(vitals.p50Ms)}, p95 ${time(vitals.p95Ms)}`
  return [
    ['for us', `${running} running, ${queued} waiting, ${took}`],
    ['a minute', `${rate(donePerMinute)} ended, ${rate(failedPerMinute)} of them failed`],
    ['from it', `${serving} tasks of its own are here`],
    ['bytes', `in ${flow(bytesIn)}, out ${flow(bytesOut)}`]
  ]
}

/** What only the question for this one peer tells. */
function told({ peer: details }: Data, key: string): Row[] {
  if (details === undefined || details.peer.id !== key) return []
  const { role, block, blame } = details
  return [
    ['role', role ?? 'none: it is no member'],
    ...optional('blocked', block && `since ${block.at}${block.reason ? `: ${block.reason}` : ''}`),
    ...optional(
      'blame',
      blame && `${blame.points.toFixed(1)} points, the last ${duration(blame.agoMs)} ago`
    )
  ]
}

function taskLines({ tasks = [], task: whole }: Data, key: string, view: DetailsView): string[] {
  const listed = tasks.find(({ id }) => id === key)
  const document = whole?.id === key ? whole : undefined
  const task = document ?? listed
  if (task === undefined) return []
  const rows: Row[] = [
    ['agent', `${task.agent} on ${task.worker.name || shortId(task.worker.id)}`],
    ['for', task.outgoing ? `${task.caller.name} (this node)` : task.caller.name],
    ...optional('part of', task.parent),
    ['asked', task.createdAt],
    ['took', task.tookMs === null ? 'not ended yet' : duration(task.tookMs)],
    ['input', task.input],
    ...waiting(task),
    ...optional('error', task.error && `${task.error.code}: ${task.error.message}`)
  ]
  const texts = document?.artifacts.flatMap(({ name, artifactId, parts }) => [
    '',
    view.style.faint(tame(name ?? artifactId, view.columns)),
    ...paragraphs(textOf(parts), view)
  ])
  return [...titled(`${task.id}   ${stateName(task.state)}`, rows, view), ...(texts ?? [])]
}

function waiting({ question, id }: Task): Row[] {
  if (question === undefined) return []
  return [
    ['asks', question.text],
    ['answer', `lumos tasks answer ${shortId(id)} "TEXT"`]
  ]
}

function agentLines({ agents = [] }: Data, key: string, view: DetailsView): string[] {
  const agent = agents.find(({ id, node }) => `${node.id} ${id}` === key)
  if (agent === undefined) return []
  const { id, description, version, node, local, skills } = agent
  const rows: Row[] = [
    ['node', local ? 'this' : `${node.name || shortId(node.id)}, ${node.id}`],
    ['version', version],
    ['does', description],
    ...skills.map((skill): Row => ['skill', `${skill.id}: ${skill.description}`]),
    [
      'try',
      `lumos run ${id} "${skills[0]?.examples?.[0] ?? '…'}"${local ? '' : ` --to ${node.name || node.id}`}`
    ]
  ]
  return titled(id, rows, view)
}

function spaceLines({ spaces = [] }: Data, key: string, view: DetailsView): string[] {
  const space = spaces.find(({ id }) => id === key)
  if (space === undefined) return []
  const { name, id, keys, writers, root, stale, peers } = space
  const rows: Row[] = [
    ['id', id],
    ['holds', `${keys.toLocaleString('en-US')} keys of ${writers} writers`],
    ['root', root],
    ...(stale ? ([['alone', 'for too long: takes, and gives only what is new']] as Row[]) : []),
    ...peers.map((peer): Row => ['peer', `${peer.name || shortId(peer.id)}: ${standing(peer)}`])
  ]
  return titled(name, rows, view)
}

function logLines({ logs }: Data, key: string, view: DetailsView): string[] {
  const line = logs.find(({ number }) => String(number) === key)
  if (line === undefined) return []
  const fields = Object.entries(line.fields).map(([name]): Row => [
    name,
    fieldOf(line.fields[name])
  ])
  const rows: Row[] = [
    ['time', line.time],
    ['level', line.level],
    ['part', line.component],
    ...fields.map(([name, text]): Row => [tame(name, LABEL), text])
  ]
  return titled(line.message || fieldsOf(line), rows, view)
}

function fieldOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
