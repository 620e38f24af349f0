/** Draws nodes and links in the colours of the page. */
import { visible } from '../../parts/name.tsx'
import type { Layout, PlacedLink, PlacedNode } from './layout.ts'

/** From places of the layout to pixels. */
export interface Fit {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export interface Colours {
  readonly text: string
  readonly dim: string
  readonly line: string
  readonly ground: string
  readonly accent: string
  readonly good: string
  readonly bad: string
  readonly busy: string
}

export interface Scene {
  readonly layout: Layout
  readonly fit: Fit
  readonly selected: string | undefined
  readonly hovered: string | undefined
  readonly marked: ReadonlySet<string> | undefined
  readonly self: string
  readonly colours: Colours
}

/** Names that a picture can hold without being covered by them. */
const NAMES = 40
/** Links that can all be strong: more of them are fainter. */
const FEW_LINKS = 120
const MARGIN = 56

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    text: colour('text'),
    dim: colour('dim'),
    line: colour('line'),
    ground: colour('panel'),
    accent: colour('accent'),
    good: colour('good'),
    bad: colour('bad'),
    busy: colour('busy')
  }
}

/** All of it in the middle, never larger than life. */
export function fitting(
  nodes: readonly PlacedNode[],
  { width, height }: { readonly width: number; readonly height: number }
): Fit {
  let [left, right, top, bottom] = [0, 0, 0, 0]
  for (const { x = 0, y = 0 } of nodes) {
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  const scale = Math.min(
    1.6,
    (width - 2 * MARGIN) / Math.max(1, right - left),
    (height - 2 * MARGIN) / Math.max(1, bottom - top)
  )
  return {
    scale,
    x: width / 2 - ((left + right) / 2) * scale,
    y: height / 2 - ((top + bottom) / 2) * scale
  }
}

export function draw(canvas: HTMLCanvasElement, scene: Scene): void {
  const pen = canvas.getContext('2d')
  if (pen === null) return
  const ratio = devicePixelRatio
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight)
  for (const link of scene.layout.links) drawLink(pen, scene, link)
  pen.setLineDash([])
  pen.globalAlpha = 1
  for (const node of scene.layout.nodes) drawNode(pen, scene, node)
  const { nodes } = scene.layout
  const named = nodes.filter(({ id }) => isNamed(scene, id, nodes.length))
  for (const node of named) drawName(pen, scene, node)
}

function drawLink(
  pen: CanvasRenderingContext2D,
  { fit, selected, marked, colours, layout }: Scene,
  { link, source, target }: PlacedLink
): void {
  const isChosen = selected !== undefined && (source.id === selected || target.id === selected)
  const isMarked = marked === undefined || (marked.has(source.id) && marked.has(target.id))
  const density = Math.min(1, FEW_LINKS / layout.links.length)
  const weight = isChosen ? 1 : Math.max(0.12, 0.75 * density) * (link.sure ? 1 : 0.5)
  pen.globalAlpha = weight * (isMarked ? 1 : 0.25)
  pen.strokeStyle = isChosen ? colours.accent : colours.dim
  pen.lineWidth = isChosen ? 1.8 : widthOf(link.rttMs)
  pen.setLineDash(link.path === 'relay' ? [5, 4] : [])
  pen.beginPath()
  pen.moveTo(...placeOf(source, fit))
  pen.lineTo(...placeOf(target, fit))
  pen.stroke()
}

/** The nearer, the stronger. */
function widthOf(rttMs: number | null): number {
  if (rttMs === null) return 0.6
  return rttMs < 5 ? 1.5 : rttMs < 50 ? 1.1 : 0.7
}

function drawNode(pen: CanvasRenderingContext2D, scene: Scene, node: PlacedNode): void {
  const { fit, selected, hovered, marked, colours } = scene
  const [x, y] = placeOf(node, fit)
  const radius = node.radius * Math.max(0.5, Math.min(1, fit.scale))
  pen.globalAlpha = marked === undefined || marked.has(node.id) ? 1 : 0.25
  pen.fillStyle = colourOf(node, colours)
  pen.strokeStyle = colours.ground
  pen.lineWidth = 2
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2 * Math.PI)
  pen.fill()
  pen.stroke()
  if (node.id !== selected && node.id !== hovered) return
  pen.strokeStyle = colours.text
  pen.beginPath()
  pen.arc(x, y, radius + 3, 0, 2 * Math.PI)
  pen.stroke()
}

function colourOf({ node: { state } }: PlacedNode, colours: Colours): string {
  if (state === 'self') return colours.accent
  if (state === 'connected') return colours.good
  if (state === 'connecting') return colours.busy
  return state === 'refused' || state === 'blocked' ? colours.bad : colours.dim
}

function isNamed({ self, selected, hovered, marked }: Scene, id: string, count: number): boolean {
  if (count <= NAMES || id === self || id === selected || id === hovered) return true
  return marked !== undefined && marked.size <= NAMES && marked.has(id)
}

/** Longer names are cut: one shall not cover the mesh. */
const NAME_LENGTH = 22

function drawName(
  pen: CanvasRenderingContext2D,
  { fit, colours }: Scene,
  { id, node, radius, ...place }: PlacedNode
): void {
  const [x, y] = placeOf({ id, node, radius, ...place }, fit)
  const letters = Array.from(visible(node.name === '' ? id.slice(-8) : node.name))
  const text =
    letters.length > NAME_LENGTH
      ? `${letters.slice(0, NAME_LENGTH - 1).join('')}…`
      : letters.join('')
  pen.globalAlpha = 1
  pen.font = '12px system-ui, sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'top'
  pen.lineWidth = 3
  pen.strokeStyle = colours.ground
  pen.fillStyle = colours.text
  const below = y + radius * Math.max(0.5, Math.min(1, fit.scale)) + 4
  pen.strokeText(text, x, below)
  pen.fillText(text, x, below)
}

function placeOf({ x = 0, y = 0 }: PlacedNode, fit: Fit): [number, number] {
  return [x * fit.scale + fit.x, y * fit.scale + fit.y]
}
