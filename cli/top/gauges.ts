/** Figures as pictures of one line: how something went, and how full something is. */
import type { Style } from '../style.ts'

const STEPS = '▁▂▃▄▅▆▇█'
const BAR_FULL = '▇'
const BAR_EMPTY = '▁'
const BUSY = 0.6
const FULL = 0.85

/** The newest `width` of `values` (oldest first), each as high as its share of the highest, or of `full` when that is more; gaps of the past are blank. */
export function sparkline(values: readonly number[], width: number, full = 0): string {
  const shown = values.slice(-width)
  const most = Math.max(full, ...shown)
  const line = shown.map((value) => {
    const share = most === 0 ? 0 : Math.max(0, value) / most
    // Whatever is not nothing stands above the ground.
    const step = value > 0 ? Math.max(1, Math.ceil(share * STEPS.length) - 1) : 0
    return STEPS[step] ?? ''
  })
  return line.join('').padStart(width)
}

/** `▇▇▁▁▁` */
export function bar(share: number, width: number): string {
  const full = Math.round(clamp(share) * width)
  return BAR_FULL.repeat(full) + BAR_EMPTY.repeat(width - full)
}

/** Green, yellow or red, as a share of what there is. */
export function heat(share: number, style: Style): (text: string) => string {
  if (share >= FULL) return style.bad
  return share >= BUSY ? style.doubtful : style.good
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0
}
