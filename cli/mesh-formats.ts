/** The mesh for programs that draw: Graphviz and Mermaid. */
import type { MeshLink, MeshNode } from '../client/mesh-api.ts'
import { percent } from './format.ts'
import type { MeshModel } from './mesh-layout.ts'
import { distanceOf } from './mesh-layout.ts'

/** DOT: `lumos mesh --format dot | dot -Tsvg`. */
export function toDot({ graph, labels }: MeshModel): string {
  const nodes = graph.nodes.map((node) => {
    const shape = node.id === graph.self ? ', shape=doublecircle' : ''
    return `  ${quoted(node.id)} [label=${quoted(caption(node, labels, '\n'))}${shape}]`
  })
  const links = graph.links.map((link) => {
    const direct = link.sure ? 'solid' : 'dotted'
    const style = link.path === 'relay' ? 'dashed' : direct
    const label = edgeText(link)
    return `  ${quoted(link.a)} -- ${quoted(link.b)} [label=${quoted(label)}, style=${style}]`
  })
  return ['graph lumos {', '  node [shape=circle]', ...nodes, ...links, '}'].join('\n')
}

/** The only escapes of DOT's quoted strings; a backslash would begin others, such as \N for the name. */
function quoted(text: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${safe}"`
}

/** Mermaid, which GitHub and many editors draw. */
export function toMermaid({ graph, labels }: MeshModel): string {
  const keys = new Map(graph.nodes.map(({ id }, index) => [id, `n${index}`]))
  const nodes = graph.nodes.map((node) => {
    const text = entities(caption(node, labels, '\n'))
    const key = keys.get(node.id) ?? ''
    return node.id === graph.self ? `  ${key}(["${text}"])` : `  ${key}["${text}"]`
  })
  const links = graph.links.map((link) => {
    const shown = link.path === 'relay' || !link.sure ? '-.-' : '---'
    const text = entities(edgeText(link))
    const label = text === '' ? '' : `|"${text}"|`
    return `  ${keys.get(link.a) ?? ''} ${shown}${label} ${keys.get(link.b) ?? ''}`
  })
  return ['flowchart LR', ...nodes, ...links].join('\n')
}

/** Everything but plain words, by its number: Mermaid reads brackets, quotes, ends and more even within quotes. */
function entities(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line.replaceAll(/[^\p{L}\p{N} ._%+-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`)
    )
    .join('<br>')
}

function caption(
  { id, load, state }: MeshNode,
  labels: ReadonlyMap<string, string>,
  separator: string
): string {
  const name = labels.get(id) ?? ''
  const facts = [
    load === undefined ? '' : `load ${percent(load)}`,
    state === 'self' || state === 'connected' || state === 'heard' ? '' : state
  ].filter((fact) => fact !== '')
  return [name, ...facts].join(separator)
}

function edgeText(link: MeshLink): string {
  const distance = distanceOf(link)
  const doubt = link.sure ? '' : 'unsure'
  return [link.path === 'relay' ? 'relay' : '', distance === '' ? '' : `${distance} ms`, doubt]
    .filter((part) => part !== '')
    .join(' ')
}
