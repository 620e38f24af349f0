/** Thousands of log lines, of which those in view are drawn; the end is followed while it is seen. */
import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { KeptLine } from '../../model/log-lines.ts'
import { isAtEnd, rowWindow } from '../../model/virtual-rows.ts'
import { Empty } from '../../parts/empty.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { hashOf } from '../../route.ts'

export interface LineListProps {
  readonly lines: readonly KeptLine[]
  readonly isHeld: boolean
  readonly onComponent: (component: string) => void
  readonly onTask: (task: string) => void
}

/** Pixels; as in work.css. */
const ROW_HEIGHT = 24

export function LineList({ lines, isHeld, onComponent, onTask }: LineListProps): VNode {
  const { box, view, measure } = useFollowedEnd(lines, isHeld)
  const openSeq = useSignal<number | undefined>(undefined)
  const { first, end } = rowWindow(view)
  const open = lines.find(({ seq }) => seq === openSeq.value)
  return (
    <>
      <div
        class="lines"
        ref={box}
        role="log"
        aria-label="Log lines"
        aria-live="off"
        tabIndex={0}
        onScroll={measure}
      >
        {lines.length === 0 ? (
          <Empty title="No line fits, so far.">
            <p>Choose another level, or clear the filters; what comes is shown here.</p>
          </Empty>
        ) : (
          <div class="all" style={{ height: `${lines.length * ROW_HEIGHT}px` }}>
            {lines.slice(first, end).map((line, place) => (
              <Line
                key={line.seq}
                kept={line}
                top={(first + place) * ROW_HEIGHT}
                isOpen={line.seq === openSeq.value}
                onOpen={() => (openSeq.value = line.seq === openSeq.value ? undefined : line.seq)}
              />
            ))}
          </div>
        )}
      </div>
      {open !== undefined && (
        <OpenLine
          kept={open}
          onClose={() => (openSeq.value = undefined)}
          onComponent={onComponent}
          onTask={onTask}
        />
      )}
    </>
  )
}

/** Where one is in the list; its end is followed until somebody scrolls away from it. */
function useFollowedEnd(lines: readonly KeptLine[], isHeld: boolean) {
  const box = useRef<HTMLDivElement>(null)
  const seen = useSignal({ scrollTop: 0, viewHeight: 600 })
  const isFollowing = useRef(true)
  const count = useRef(lines.length)
  count.current = lines.length
  const measure = (): void => {
    if (box.current === null) return
    const { scrollTop, clientHeight: viewHeight } = box.current
    seen.value = { scrollTop, viewHeight }
    const rows = { count: count.current, rowHeight: ROW_HEIGHT, scrollTop, viewHeight }
    isFollowing.current = isAtEnd(rows)
  }
  useEffect(() => {
    if (box.current === null) return undefined
    const observer = new ResizeObserver(measure)
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (box.current !== null && isFollowing.current && !isHeld) {
      box.current.scrollTop = box.current.scrollHeight
    }
  }, [lines, isHeld])
  return { box, measure, view: { count: lines.length, rowHeight: ROW_HEIGHT, ...seen.value } }
}

interface LineProps {
  readonly kept: KeptLine
  readonly top: number
  readonly isOpen: boolean
  readonly onOpen: () => void
}

function Line({ kept, top, isOpen, onOpen }: LineProps): VNode {
  const { time, level, component, message } = kept.line
  return (
    <button
      type="button"
      class={`line ${level}`}
      aria-expanded={isOpen}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <time class="dim" dateTime={time}>
        {clockTime(time)}
      </time>
      <span class="level">{level}</span>
      <bdi class="component">{component}</bdi>
      <span class="message">
        <bdi>{message}</bdi> <bdi class="dim">{kept.fields}</bdi>
      </span>
    </button>
  )
}

interface OpenLineProps {
  readonly kept: KeptLine
  readonly onClose: () => void
  readonly onComponent: (component: string) => void
  readonly onTask: (task: string) => void
}

function OpenLine({ kept, onClose, onComponent, onTask }: OpenLineProps): VNode {
  const { time, component, message, fields } = kept.line
  const { task } = fields
  return (
    <section class="panel open-line" aria-label="Line">
      <div class="row">
        <time class="dim mono" dateTime={time}>
          {time}
        </time>
        <span class="grow" />
        <button type="button" class="small" onClick={() => onComponent(component)}>
          Only <bdi>{component}</bdi>
        </button>
        {typeof task === 'string' && (
          <>
            <button type="button" class="small" onClick={() => onTask(task)}>
              Only this task
            </button>
            <a href={hashOf('tasks', [task])}>Show the task</a>
          </>
        )}
        <button type="button" class="quiet small" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </div>
      <p dir="auto">{message}</p>
      <JsonView value={fields} />
    </section>
  )
}

function two(part: number): string {
  return String(part).padStart(2, '0')
}

/** As the clock of whoever looks has it, to the millisecond. */
function clockTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return iso
  const ms = String(at.getMilliseconds()).padStart(3, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`
}
