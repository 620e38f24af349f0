/** Runs `lumos top`: what keys and answers change is drawn, once for each change. */
import type { Clock } from '../../core/clock.ts'
import { NO_DATA, type Data } from './data.ts'
import { Feed, type Change, type TopSource, type Wants } from './feed.ts'
import { render, shownOf, type FrameSize, type TopState } from './frame.ts'
import type { Key } from './keys.ts'
import { frameUpdate } from './line-diff.ts'
import { PANES } from './panes.ts'
import type { Screen, ScreenEvents } from './screen.ts'
import { NEWEST_TASKS } from './task-book.ts'
import { placeOf, press, type View } from './view.ts'

export interface TopComponents {
  readonly source: TopSource
  readonly clock: Clock
  readonly openScreen: (events: ScreenEvents) => Promise<Screen>
}

export interface TopInit {
  readonly view: View
  readonly colour: boolean
  /** Ends it from outside. */
  readonly signal: AbortSignal
}

/** A node that is down is not asked more often. */
const LOST_MS = 1000
/** From then on an answer is late, and the frame says so. */
const SLOW_MS = 2000

/** Resolves when the user leaves; `interrupted` when they did by Ctrl-C. */
export async function runTop(
  components: TopComponents,
  { view, colour, signal }: TopInit
): Promise<'left' | 'interrupted'> {
  const { promise: left, resolve: leave } = Promise.withResolvers<'left' | 'interrupted'>()
  const top = new Top(components, { view, colour, leave })
  const end = (): void => leave('interrupted')
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  await top.open()
  try {
    return await left
  } finally {
    signal.removeEventListener('abort', end)
    await top.close()
  }
}

class Top {
  readonly #clock: Clock
  readonly #openScreen: TopComponents['openScreen']
  readonly #colour: boolean
  readonly #leave: (how: 'left' | 'interrupted') => void
  readonly #feed: Feed
  #state: TopState
  #screen: Screen | undefined
  /** What the terminal shows. */
  #drawn: { readonly lines: readonly string[]; readonly size: FrameSize } | undefined
  #cancelTick: (() => void) | undefined
  #askedAt: number | undefined
  /** What was asked for is not what is wanted any more. */
  #again = false

  constructor(
    { source, clock, openScreen }: TopComponents,
    {
      view,
      colour,
      leave
    }: Pick<TopInit, 'view' | 'colour'> & { readonly leave: (how: 'left' | 'interrupted') => void }
  ) {
    this.#clock = clock
    this.#openScreen = openScreen
    this.#colour = colour
    this.#leave = leave
    this.#state = { view, data: NO_DATA, listing: undefined, now: clock.now(), lateMs: 0 }
    this.#feed = new Feed({
      source,
      clock,
      now: () => this.#state.data,
      apply: (change) => this.#apply(change)
    })
  }

  async open(): Promise<void> {
    this.#screen = await this.#openScreen({
      pressed: (key) => this.#press(key),
      redraw: () => this.#redraw(),
      ended: () => this.#leave('left')
    })
    this.#tick()
  }

  async close(): Promise<void> {
    this.#cancelTick?.()
    this.#screen?.close()
    this.#screen = undefined
    await this.#feed.close()
  }

  #tick(): void {
    this.#cancelTick?.()
    const { view, data } = this.#state
    const pause = data.lost === undefined ? view.intervalMs : Math.max(view.intervalMs, LOST_MS)
    this.#cancelTick = this.#clock.after(pause, () => this.#tick())
    if (view.paused && data.status !== undefined) return
    if (this.#askedAt === undefined) void this.#ask()
    else this.#draw()
  }

  async #ask(): Promise<void> {
    this.#again = false
    this.#askedAt = this.#clock.monotonic()
    await this.#feed.collect(this.#wants())
    this.#askedAt = undefined
    if (this.#screen !== undefined && this.#again) await this.#ask()
  }

  #wants(): Wants {
    const { view, listing } = this.#state
    const { filter, sort, cursor } = view.panes[view.pane]
    const page = this.#shown().page
    const { chosen } = placeOf(cursor, listing?.keys ?? [], page)
    const seen = Math.min(listing?.keys.length ?? 0, NEWEST_TASKS)
    const isUsual = filter === '' && sort.title === PANES[view.pane].sort.title && !sort.descending
    return {
      pane: view.pane,
      open: view.open?.key,
      level: view.level,
      whole: !isUsual || (chosen > 0 && chosen + page >= seen)
    }
  }

  #apply(change: Change): void {
    const data = change(this.#state.data)
    if (data === this.#state.data) return
    this.#change({ data })
    this.#draw()
  }

  #press(key: Key): void {
    if (key === 'ctrl-l') return this.#redraw()
    if (key === 'ctrl-z') return this.#screen?.suspend()
    const before = this.#state.view
    const view = press(before, key, this.#shown())
    if (view === undefined) return this.#leave(key === 'ctrl-c' ? 'interrupted' : 'left')
    if (view === before) return
    this.#change({ view })
    this.#draw()
    if (wantsMore(before, view)) this.#askNow()
  }

  #askNow(): void {
    if (this.#askedAt === undefined) void this.#ask()
    else this.#again = true
  }

  /** Rows are sorted and filtered only when something of them changed. */
  #change({
    view = this.#state.view,
    data = this.#state.data
  }: {
    view?: View
    data?: Data
  }): void {
    const { view: before, data: known, listing } = this.#state
    const isSame =
      data === known &&
      view.pane === before.pane &&
      view.panes[view.pane].sort === before.panes[before.pane].sort &&
      view.panes[view.pane].filter === before.panes[before.pane].filter
    this.#state = {
      ...this.#state,
      view,
      data,
      listing: isSame ? listing : PANES[view.pane].list(data, view.panes[view.pane])
    }
  }

  #size(): FrameSize {
    return this.#screen?.size() ?? { columns: 80, rows: 24 }
  }

  #shown() {
    return shownOf(this.#state, this.#size())
  }

  /** The terminal may show anything now. */
  #redraw(): void {
    this.#drawn = undefined
    this.#draw()
  }

  #draw(): void {
    if (this.#screen === undefined) return
    const size = this.#size()
    const late = this.#askedAt === undefined ? 0 : this.#clock.monotonic() - this.#askedAt
    this.#state = { ...this.#state, now: this.#clock.now(), lateMs: late < SLOW_MS ? 0 : late }
    const lines = render(this.#state, { ...size, colour: this.#colour })
    const before = this.#drawn
    const isSameSize = before?.size.columns === size.columns && before.size.rows === size.rows
    const update = frameUpdate(lines, isSameSize ? before.lines : undefined)
    this.#drawn = { lines, size }
    if (update !== '') this.#screen.write(update)
  }
}

/** Whether another question must be asked, and at once. */
function wantsMore(before: View, after: View): boolean {
  return (
    before.pane !== after.pane ||
    before.open?.key !== after.open?.key ||
    before.level !== after.level ||
    before.intervalMs !== after.intervalMs ||
    (before.paused && !after.paused) ||
    before.panes[before.pane] !== after.panes[after.pane]
  )
}
