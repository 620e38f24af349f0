/** A small curve of the last minutes: its words say what a glance shows. */
import type { VNode } from 'preact'

export interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[]
  /** What it is the curve of, with its latest value in words. */
  readonly label: string
  /** So high at least: little noise shall not look like mountains. */
  readonly most?: number
}

const WIDTH = 200
const HEIGHT = 40

export function Sparkline({ values, label, most = 0 }: SparklineProps): VNode {
  const top = Math.max(most, ...values, Number.MIN_VALUE)
  const step = WIDTH / Math.max(1, values.length - 1)
  const points = values.map(
    (value, index) =>
      `${(index * step).toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`
  )
  const line = points.length < 2 ? '' : `M${points.join('L')}`
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {line !== '' && <path class="area" d={`${line}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`} />}
      {line !== '' && <path class="line" d={line} />}
    </svg>
  )
}
