/** How findings look on a terminal: areas at the left, a mark for each, and below it what to type. */
import type { Attempt, Check, CheckState, DoctorReport } from '../client/doctor-api.ts'
import { duration, plural } from './format.ts'
import type { Style } from './style.ts'
import { displayWidth, oneLine, padEnd } from './width.ts'

/** Worst first: what is unknown weighs less than what is known to be bad. */
const BY_WEIGHT: readonly CheckState[] = ['critical', 'warning', 'unknown', 'ok']

export function worst(checks: readonly Check[]): CheckState {
  return BY_WEIGHT.find((state) => checks.some((check) => check.state === state)) ?? 'unknown'
}

export interface ReportInit {
  readonly style: Style
  /** What is well shares lines as wide as this; `undefined` gives each check a line, for programs. */
  readonly columns?: number | undefined
  /** Also how what went well was tried. */
  readonly detailed?: boolean
}

/** What is well stands together; what is not has a line of its own, and its advice below. */
export function renderReport({ checks }: DoctorReport, init: ReportInit): string[] {
  const width = Math.max(...checks.map(({ area }) => displayWidth(area)), 0)
  return areasOf(checks).flatMap(([area, members]) => {
    const lines = flow(members, { ...init, width })
    return lines.map((line, index) => {
      const label = padEnd(index === 0 ? area : '', width)
      return `${init.style.strong(label)}  ${line}`.trimEnd()
    })
  })
}

function areasOf(checks: readonly Check[]): readonly (readonly [string, readonly Check[]])[] {
  const areas: [string, Check[]][] = []
  for (const check of checks) {
    const last = areas.at(-1)
    if (last?.[0] === check.area) last[1].push(check)
    else areas.push([check.area, [check]])
  }
  return areas
}

interface FlowInit extends ReportInit {
  /** Of the areas. */
  readonly width: number
}

function flow(checks: readonly Check[], init: FlowInit): string[] {
  const { columns, width } = init
  const lines: string[] = []
  let open = ''
  const end = (): void => {
    if (open !== '') lines.push(open)
    open = ''
  }
  for (const check of checks) {
    const text = `${markOf(check, init.style)} ${oneLine(check.text)}`
    const below = details(check, init)
    const joined = open === '' ? text : `${open}  ${text}`
    const fits = columns !== undefined && displayWidth(joined) + width + 2 <= columns
    if (open !== '' && (!fits || below.length > 0)) end()
    open = open === '' ? text : joined
    if (below.length === 0) continue
    end()
    lines.push(...below)
  }
  end()
  return lines
}

/** A way that failed and was not needed is no problem, and no success either. */
function markOf({ state, code }: Check, style: Style): string {
  const marks: Record<CheckState, string> = {
    ok: code === undefined ? style.good('✓') : style.faint('·'),
    warning: style.doubtful('!'),
    critical: style.bad('✗'),
    unknown: style.doubtful('?')
  }
  return marks[state]
}

function details({ state, hint, tried = [] }: Check, { style, detailed }: ReportInit): string[] {
  const isWell = state === 'ok'
  const shown = tried.length > 0 && (!isWell || detailed === true)
  return [
    ...(shown ? [style.faint(`  ${tried.map(attempt).join(' · ')}`)] : []),
    ...(hint === undefined || isWell ? [] : [`  try: ${style.accent(oneLine(hint))}`])
  ]
}

/** `tcp 0.4 ms`, `wall ✗ 1.5 s`, `/ip4/… ✗ the handshake does not succeed` */
function attempt({ step, ok, text, tookMs }: Attempt): string {
  const took = tookMs === undefined ? '' : ` ${duration(tookMs)}`
  const said = step.startsWith('/') && text !== '' ? ` ${oneLine(text)}` : ''
  return `${oneLine(step)} ${ok ? '✓' : '✗'}${took}${said}`
}

export function summary(checks: readonly Check[]): string {
  const count = (state: CheckState): number =>
    checks.filter((check) => check.state === state).length
  const found = [
    ...(count('critical') > 0 ? [plural(count('critical'), 'problem')] : []),
    ...(count('warning') > 0 ? [plural(count('warning'), 'warning')] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} unknown`] : [])
  ]
  return found.length === 0 ? 'all is well' : found.join(', ')
}
