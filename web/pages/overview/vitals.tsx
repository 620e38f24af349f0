/** The last minutes in curves: each with its latest value in words. */
import type { VNode } from 'preact'
import type { VitalsSample } from '../../../client/vitals-api.ts'
import { useDashboard } from '../../dashboard.tsx'
import { bytes, duration, percent } from '../../format.ts'
import { Sparkline } from '../../parts/sparkline.tsx'

interface Curve {
  readonly title: string
  readonly value: (sample: VitalsSample) => number
  readonly words: (sample: VitalsSample) => string
  readonly more?: (sample: VitalsSample) => string
  /** As of Sparkline. */
  readonly most: number
}

const CURVES: readonly Curve[] = [
  {
    title: 'Tasks asked',
    value: ({ tasksOut }) => tasksOut.started,
    words: ({ tasksOut }) => rate(tasksOut.started),
    more: ({ tasksOut }) => `${tasksOut.running} running · p95 ${duration(tasksOut.p95Ms)}`,
    most: 1
  },
  {
    title: 'Tasks worked on',
    value: ({ tasksIn }) => tasksIn.started,
    words: ({ tasksIn }) => rate(tasksIn.started),
    more: ({ tasksIn }) => `${tasksIn.running} running · ${tasksIn.queued} waiting`,
    most: 1
  },
  {
    title: 'Failed',
    value: ({ tasksOut, tasksIn }) => Math.max(tasksOut.errorRate, tasksIn.errorRate),
    words: ({ tasksOut, tasksIn }) => percent(Math.max(tasksOut.errorRate, tasksIn.errorRate)),
    more: () => 'of the last minute',
    most: 0.1
  },
  {
    title: 'Network',
    value: ({ bytesIn, bytesOut }) => bytesIn + bytesOut,
    words: ({ bytesIn, bytesOut }) => `${bytes(bytesIn + bytesOut)}/s`,
    more: ({ bytesIn, bytesOut }) => `${bytes(bytesIn)} in · ${bytes(bytesOut)} out`,
    most: 10_000
  },
  {
    title: 'Processor',
    value: ({ cpu }) => cpu,
    words: ({ cpu }) => percent(cpu),
    more: ({ loopP99Ms }) => `of a core · loop ${duration(loopP99Ms)}`,
    most: 0.25
  },
  {
    title: 'Memory',
    value: ({ rssBytes }) => rssBytes,
    words: ({ rssBytes }) => bytes(rssBytes),
    more: ({ heapBytes }) => `${bytes(heapBytes)} in use`,
    most: 100_000_000
  }
]

/** Nothing for a node that does not measure itself. */
export function Vitals(): VNode | null {
  const { live } = useDashboard()
  const samples = live.vitals.samples.value
  if (!live.vitals.isKnown.value) return null
  const latest = samples.at(-1)
  return (
    <section class="tiles" aria-label="The last minutes">
      {CURVES.map(({ title, value, words, more, most }) => (
        <article key={title} class="panel tile">
          <h2>{title}</h2>
          <p>
            <span class="value">{latest === undefined ? '…' : words(latest)}</span>
            <span class="unit">{latest === undefined ? '' : more?.(latest)}</span>
          </p>
          <Sparkline
            values={samples.map(value)}
            most={most}
            label={`${title}: ${latest === undefined ? 'not known yet' : words(latest)}`}
          />
        </article>
      ))}
    </section>
  )
}

function rate(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`
}
