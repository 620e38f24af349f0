/** Draws what the nodes that lived throughout held on to, and every moment in which one stood still. */
import type { SoakReport } from './report.ts'
import type { Sample } from './samples.ts'
import type { Point } from './slope.ts'
import { STALL_MS } from './verdict.ts'

interface Series {
  readonly node: string
  readonly points: readonly Point[]
}

interface Panel {
  readonly title: string
  readonly series: readonly Series[]
  readonly dots: boolean
  /** A line that nothing should reach. */
  readonly bound?: number
}

const WIDTH = 720
const HEIGHT = 110
const MARGIN = { left: 46, right: 12, top: 24, bottom: 8 }
const FOOT = 24
const MOST_POINTS = 120
const STYLE = `text{font:11px system-ui,sans-serif;fill:#555}.title{fill:#222;font-weight:600}
path{fill:none;stroke-width:1.4}.grid{stroke:#ccc;stroke-width:.6}.bound{stroke:#c33;stroke-dasharray:4 3}
.s0{stroke:#2563eb;color:#2563eb}.s1{stroke:#d97706;color:#d97706}.s2{stroke:#059669;color:#059669}.s3{stroke:#9333ea;color:#9333ea}
circle{fill:currentColor;stroke:none}
@media(prefers-color-scheme:dark){text{fill:#aaa}.title{fill:#eee}.grid{stroke:#444}}`

export function drawSoak(report: SoakReport, samples: readonly Sample[]): string {
  const nodes = report.verdicts.map(({ node }) => node)
  const from = samples[0]?.at ?? 0
  const to = samples.at(-1)?.at ?? from + 1
  const of = (points: (sample: Sample) => readonly Point[]): Series[] =>
    nodes.map((node) => ({
      node,
      points: thinned(samples.filter((sample) => sample.node === node).flatMap(points))
    }))
  const panels: Panel[] = [
    { title: 'Heap after collecting, MB', dots: false, series: of(heapOf) },
    { title: 'RSS, MB', dots: false, series: of(rssOf) },
    { title: 'Handles', dots: false, series: of(handlesOf) },
    { title: 'Database, MB', dots: false, series: of(databaseOf) },
    { title: 'Event loop stood still, ms', dots: true, bound: STALL_MS, series: of(stallsOf) }
  ]
  const height = panels.length * HEIGHT + FOOT
  const body = panels.map((panel, index) => draw(panel, { from, to, top: index * HEIGHT }))
  const legend = nodes.map(
    (node, index) =>
      `<g class="s${index % 4}"><circle cx="${MARGIN.left + 4 + index * 60}" cy="${height - 12}" r="4"/>` +
      `<text x="${MARGIN.left + 12 + index * 60}" y="${height - 8}">${node}</text></g>`
  )
  const minutes = Math.round((to - from) / 60_000)
  legend.push(
    `<text x="${WIDTH - MARGIN.right}" y="${height - 8}" text-anchor="end">${minutes} minutes</text>`
  )
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`
  return `${open}><title>What nodes held on to in ${minutes} minutes</title><style>${STYLE}</style>\n${[...body, ...legend].join('\n')}\n</svg>\n`
}

function heapOf(sample: Sample): Point[] {
  if (sample.type !== 'inside' || sample.census === undefined) return []
  return [{ at: sample.at, value: sample.census.heapBytes / 1e6 }]
}

function rssOf(sample: Sample): Point[] {
  return sample.type === 'outside' ? [{ at: sample.at, value: sample.rssBytes / 1e6 }] : []
}

function handlesOf(sample: Sample): Point[] {
  if (sample.type !== 'inside') return []
  const value = Object.values(sample.resources).reduce((sum, count) => sum + count, 0)
  return [{ at: sample.at, value }]
}

function databaseOf(sample: Sample): Point[] {
  return sample.type === 'outside' ? [{ at: sample.at, value: sample.databaseBytes / 1e6 }] : []
}

function stallsOf(sample: Sample): Point[] {
  if (sample.type !== 'inside') return []
  const worst = Math.max(0, ...sample.stalls.map(({ ownMs }) => ownMs))
  return worst > 0 ? [{ at: sample.at, value: worst }] : []
}

/** The highest of each stretch: more points than pixels only make the file large. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS)
  return Array.from({ length: Math.ceil(points.length / size) || 0 }, (_, index) =>
    points.slice(index * size, (index + 1) * size)
  ).flatMap((some) => some.toSorted((a, b) => b.value - a.value).slice(0, 1))
}

interface Frame {
  readonly from: number
  readonly to: number
  readonly top: number
}

function draw({ title, series, dots, bound }: Panel, { from, to, top }: Frame): string {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value))
  const most = niceAbove(Math.max(1, bound ?? 0, ...values))
  const bottom = top + HEIGHT - MARGIN.bottom
  const x = (at: number): string =>
    (MARGIN.left + ((at - from) / (to - from)) * (WIDTH - MARGIN.left - MARGIN.right)).toFixed(1)
  const y = (value: number): string =>
    (bottom - (value / most) * (bottom - top - MARGIN.top)).toFixed(1)
  const level = (value: number, kind: string): string =>
    `<path class="${kind}" d="M${MARGIN.left} ${y(value)}H${WIDTH - MARGIN.right}"/>`
  const label = (value: number): string =>
    `<text x="${MARGIN.left - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${value}</text>`
  const marks = series.map(({ points }, index) => {
    if (!dots) {
      const line = points.map(({ at, value }) => `${x(at)} ${y(value)}`).join('L')
      return line === '' ? '' : `<path class="s${index % 4}" d="M${line}"/>`
    }
    const circles = points.map(({ at, value }) => `<circle cx="${x(at)}" cy="${y(value)}" r="2"/>`)
    return `<g class="s${index % 4}">${circles.join('')}</g>`
  })
  return [
    `<text class="title" x="${MARGIN.left}" y="${top + 16}">${title}</text>`,
    ...[0, most / 2, most].flatMap((value) => [level(value, 'grid'), label(value)]),
    ...(bound === undefined ? [] : [level(bound, 'bound')]),
    ...marks
  ].join('\n')
}

/** The next of 1, 2, 4 and 6 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 6, 10].find((step) => step * power >= value) ?? 10) * power
}
