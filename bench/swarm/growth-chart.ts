/** Draws what a node costs as the swarm grows: four small panels, readable on light and dark. */
import { COSTS } from './growth.ts'
import type { Cost, GrowthPoint } from './growth.ts'

const PANEL = { width: 330, height: 200, left: 56, right: 22, top: 38, bottom: 34 }
const COLUMNS = 2

export function growthChart(points: readonly GrowthPoint[]): string {
  const panels = COSTS.map(({ cost, text }, at) => {
    const x = (at % COLUMNS) * PANEL.width
    const y = Math.floor(at / COLUMNS) * PANEL.height
    return `<g transform="translate(${x} ${y})">\n${panelOf(points, cost, text)}\n</g>`
  })
  const width = COLUMNS * PANEL.width
  const height = Math.ceil(COSTS.length / COLUMNS) * PANEL.height
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Idle cost of a node by size of the swarm">`,
    STYLE,
    ...panels,
    '</svg>',
    ''
  ].join('\n')
}

const STYLE = `<style>
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #24292f }
.axis { fill: none; stroke: #8c959f; stroke-width: 1; opacity: .5 }
.line { fill: none; stroke: #0969da; stroke-width: 2 }
.dot { fill: #0969da }
.twice { stroke: #bf8700; stroke-width: 1; stroke-dasharray: 4 4 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .title { fill: #e6edf3 }
.line { stroke: #58a6ff } .dot { fill: #58a6ff } .twice { stroke: #d29922 }
}
</style>`

/** Sizes on a logarithmic axis, so that what grows like log n is a straight line. */
function panelOf(points: readonly GrowthPoint[], cost: Cost, text: string): string {
  const { width, height, left, right, top, bottom } = PANEL
  const values = points.map((point) => point[cost])
  const first = values[0] ?? 0
  const most = Math.max(...values, 2 * first)
  const logs = points.map(({ nodes }) => Math.log10(nodes))
  const [from, to] = [Math.min(...logs), Math.max(...logs)]
  const x = (nodes: number): number =>
    left + ((Math.log10(nodes) - from) / (to - from || 1)) * (width - left - right)
  const y = (value: number): number => height - bottom - (value / most) * (height - top - bottom)
  const at = points.map((point) => `${digits(x(point.nodes))},${digits(y(point[cost]))}`)
  const base = height - bottom
  return [
    `<text class="title" x="${left}" y="18">${text}</text>`,
    `<path class="axis" d="M${left} ${top}V${base}H${width - right}"/>`,
    `<path class="twice" d="M${left} ${digits(y(2 * first))}H${width - right}"/>`,
    `<text x="${width - right}" y="${digits(y(2 * first) - 4)}" text-anchor="end">twice the smallest</text>`,
    `<polyline class="line" points="${at.join(' ')}"/>`,
    ...points.map(
      (point) =>
        `<circle class="dot" cx="${digits(x(point.nodes))}" cy="${digits(y(point[cost]))}" r="3"/>` +
        `<text x="${digits(x(point.nodes))}" y="${base + 16}" text-anchor="middle">${point.nodes}</text>`
    ),
    `<text x="${left - 6}" y="${base}" text-anchor="end">0</text>`,
    `<text x="${left - 6}" y="${digits(y(most) + 4)}" text-anchor="end">${brief(most)}</text>`,
    `<text x="${width - right}" y="${digits(y(values.at(-1) ?? 0) - 8)}" text-anchor="end">${brief(values.at(-1) ?? 0)}</text>`
  ].join('\n')
}

function digits(value: number): string {
  return value.toFixed(1)
}

function brief(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)} k`
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}
