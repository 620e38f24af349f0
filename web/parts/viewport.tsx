/** Which part of a long element is seen, measured once a frame at most. */
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'

export interface Viewport {
  /** Pixels of the element above the edge of the window. */
  readonly top: number
  readonly height: number
}

/** Steps of this size: a scroll by less changes nothing that is drawn. */
const GRAIN = 80

export function useViewport(element: RefObject<HTMLElement | null>): Viewport {
  const seen = useSignal<Viewport>({ top: 0, height: innerHeight })
  useEffect(() => {
    let frame = 0
    const measure = (): void => {
      frame = 0
      const above = -(element.current?.getBoundingClientRect().top ?? 0)
      const top = Math.max(0, Math.floor(above / GRAIN) * GRAIN)
      const height = innerHeight + GRAIN
      if (top !== seen.value.top || height !== seen.value.height) seen.value = { top, height }
    }
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure)
    }
    measure()
    const stop = new AbortController()
    const options = { passive: true, capture: true, signal: stop.signal }
    addEventListener('scroll', soon, options)
    addEventListener('resize', soon, options)
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [element])
  return seen.value
}
