/** Draws the mesh with lines of text: a tree from this node, and beside each node what else it is linked to. */
import type { MeshGraph, MeshLink, MeshNode } from '../client/mesh-api.ts'
import { plural, shortId } from './format.ts'
import type { Style } from './style.ts'
import { cut, displayWidth, oneLine } from './width.ts'

/** A row of names that does not fit ends with how many are left out. */
const LEAST_NAMES = 8

interface Neighbour {
  readonly id: string
  readonly link: MeshLink
}

export interface MeshModel {
  readonly graph: MeshGraph
  /** What to call a node: its name, with the end of its id where two share one. */
  readonly labels: ReadonlyMap<string, string>
  readonly neighbours: ReadonlyMap<string, readonly Neighbour[]>
  /** Longest of all shortest ways, in links; of the part that this node is in. */
  readonly diameter: number
  /** There are too many nodes to look at all ways: it is that long at least. */
  readonly atLeast: boolean
}

/** All ways of so many nodes are looked at within some 100 ms. */
const MOST_MEASURED = 256

export function meshModel(graph: MeshGraph): MeshModel {
  const neighbours = new Map<string, Neighbour[]>(graph.nodes.map(({ id }) => [id, []]))
  for (const link of graph.links) {
    neighbours.get(link.a)?.push({ id: link.b, link })
    neighbours.get(link.b)?.push({ id: link.a, link })
  }
  const labels = labelsOf(graph.nodes)
  for (const list of neighbours.values()) {
    list.sort((a, b) => nearer(a, b) || byText(labels.get(a.id), labels.get(b.id)))
  }
  return { graph, labels, neighbours, ...diameterOf(graph.self, neighbours) }
}

function labelsOf(nodes: readonly MeshNode[]): ReadonlyMap<string, string> {
  const uses = new Map<string, number>()
  for (const { name } of nodes) uses.set(name, (uses.get(name) ?? 0) + 1)
  return new Map(
    nodes.map(({ id, name }) => {
      if (name === '') return [id, shortId(id)]
      return [id, (uses.get(name) ?? 0) > 1 ? `${oneLine(name)} ${shortId(id)}` : oneLine(name)]
    })
  )
}

function nearer(a: Neighbour, b: Neighbour): number {
  const relayed = Number(a.link.path === 'relay') - Number(b.link.path === 'relay')
  return relayed || (a.link.rttMs ?? Infinity) - (b.link.rttMs ?? Infinity) || 0
}

function byText(a = '', b = ''): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function diameterOf(
  self: string,
  neighbours: ReadonlyMap<string, readonly Neighbour[]>
): Pick<MeshModel, 'diameter' | 'atLeast'> {
  const ids = [...distancesFrom(self, neighbours).keys()]
  const atLeast = ids.length > MOST_MEASURED
  // From one that is far from this node it is far to others; the farthest are last.
  const measured = atLeast ? ids.slice(-MOST_MEASURED) : ids
  let diameter = 0
  for (const id of measured) {
    for (const distance of distancesFrom(id, neighbours).values()) {
      diameter = Math.max(diameter, distance)
    }
  }
  return { diameter, atLeast }
}

/** In links, of all that can be reached; the nearest first. */
function distancesFrom(
  start: string,
  neighbours: ReadonlyMap<string, readonly Neighbour[]>
): ReadonlyMap<string, number> {
  const distances = new Map([[start, 0]])
  // A map goes on with what is added to it meanwhile: it is the queue, too.
  for (const [id, distance] of distances) {
    for (const { id: next } of neighbours.get(id) ?? []) {
      if (!distances.has(next)) distances.set(next, distance + 1)
    }
  }
  return distances
}

interface Branch {
  readonly id: string
  /** By which it hangs on the branch above; none for the root. */
  readonly link?: MeshLink
  readonly children: Branch[]
  /** Links that are no part of the tree, each drawn once. */
  readonly also: Neighbour[]
}

/** The shortest ways from this node, and the other links at the end that comes first. */
function treeOf({ graph, neighbours }: MeshModel): Branch {
  const root: Branch = { id: graph.self, children: [], also: [] }
  const branches = new Map([[root.id, root]])
  const drawn = new Set<MeshLink>()
  for (const [id, branch] of branches) {
    for (const { id: next, link } of neighbours.get(id) ?? []) {
      if (branches.has(next)) continue
      const child: Branch = { id: next, link, children: [], also: [] }
      branch.children.push(child)
      branches.set(next, child)
      drawn.add(link)
    }
  }
  for (const [id, branch] of branches) {
    for (const neighbour of neighbours.get(id) ?? []) {
      if (drawn.has(neighbour.link)) continue
      drawn.add(neighbour.link)
      branch.also.push(neighbour)
    }
  }
  return root
}

export interface DrawInit {
  /** No line is wider; `Infinity` where nothing is to be cut. */
  readonly columns: number
  readonly style: Style
}

/** The picture, without the line that sums it up. */
export function drawMesh(model: MeshModel, { columns, style }: DrawInit): string[] {
  const root = treeOf(model)
  const lines = drawBranch(model, root, { columns, style, before: '', below: '' })
  const placed = new Set<string>()
  collect(root, placed)
  const others = model.graph.nodes.filter(({ id }) => !placed.has(id))
  if (others.length === 0) return lines
  const names = others.map(({ id, state }) => `${model.labels.get(id) ?? ''} (${state})`)
  return [...lines, style.faint(nameRow('no way known to: ', names, columns))]
}

function collect({ id, children }: Branch, ids: Set<string>): void {
  ids.add(id)
  for (const child of children) collect(child, ids)
}

interface Place extends DrawInit {
  /** What stands before the node in its own line. */
  readonly before: string
  /** What stands before what hangs on it. */
  readonly below: string
}

/** The branch itself on the first line, and what hangs on it below. */
function drawBranch(model: MeshModel, branch: Branch, place: Place): string[] {
  const { columns, before, below } = place
  let line = before + label(model, branch, place)
  let end = branch
  // An only child goes on in the same line.
  while (end.children.length === 1 && end.also.length === 0) {
    const [only] = end.children
    if (only === undefined) break
    const longer = `${line} ${edge(only.link)} ${label(model, only, place)}`
    if (displayWidth(longer) > columns) break
    line = longer
    end = only
  }
  const lines = end.children.flatMap((child, index) => {
    const isLast = index === end.children.length - 1
    return drawBranch(model, child, {
      ...place,
      before: `${below}${isLast ? '└' : '├'}${edge(child.link)} `,
      below: `${below}${isLast ? '   ' : '│  '}`
    })
  })
  return [fit(line + alsoOf(model, end, { ...place, line }), columns), ...lines]
}

/** `──0.4──`, dashed where one end alone says so. */
function edge(link: MeshLink | undefined): string {
  const dash = link?.sure === false ? '╌╌' : '──'
  return `${dash}${distanceOf(link)}${dash}`
}

/** Milliseconds; empty when nobody has measured. */
export function distanceOf(link: MeshLink | undefined): string {
  const rttMs = link?.rttMs ?? null
  if (rttMs === null) return ''
  return rttMs < 10 ? rttMs.toFixed(1).replace(/\.0$/, '') : String(Math.round(rttMs))
}

function label({ labels }: MeshModel, { id, link }: Branch, { style }: Place): string {
  const name = labels.get(id) ?? ''
  const strong = link === undefined ? style.strong(name) : name
  if (link?.path !== 'relay') return strong
  const via = link.via === undefined ? undefined : labels.get(link.via)
  return `${strong} ${style.faint(via === undefined ? '(relay)' : `(relay via ${via})`)}`
}

/** The other links of the last node of a line. */
function alsoOf(
  { labels }: MeshModel,
  { also }: Branch,
  { line, columns, style }: Place & { readonly line: string }
): string {
  if (also.length === 0) return ''
  const names = also.map(({ id, link }) => {
    const distance = distanceOf(link)
    return `${labels.get(id) ?? ''}${distance === '' ? '' : ` ${distance}`}`
  })
  return style.faint(nameRow('   also ', names, columns - displayWidth(line)))
}

/** As many names as fit, and how many more there are; nothing when not even one does. */
function nameRow(start: string, names: readonly string[], room: number): string {
  let row = start
  for (const [index, name] of names.entries()) {
    const left = names.length - index
    const next = `${row}${index === 0 ? '' : ', '}${name}`
    const more = left > 1 ? `, +${left - 1}` : ''
    if (displayWidth(next + more) > room) {
      if (index > 0) return `${row}, +${left}`
      return room >= LEAST_NAMES + displayWidth(start) ? cut(next, room) : ''
    }
    row = next
  }
  return row
}

// oxlint-disable-next-line no-control-regex -- colours are what it looks for
const COLOURS = /\u001b\[[0-9;]*m/g

/** A line that is too wide loses its colours with its end. */
function fit(line: string, columns: number): string {
  return displayWidth(line) <= columns ? line : cut(line.replaceAll(COLOURS, ''), columns)
}

/** `4 nodes, 4 links, diameter 2`. */
export function sumUp({ graph, diameter, atLeast }: MeshModel): string {
  const { nodes, links, omitted } = graph
  const longest = `diameter ${atLeast ? 'at least ' : ''}${diameter}`
  const facts = [plural(nodes.length, 'node'), plural(links.length, 'link'), longest]
  if (omitted > 0) facts.push(`${omitted} left out`)
  return facts.join(', ')
}
