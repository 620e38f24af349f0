/** Notices that somebody has come to the end of a list. */
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export function Sentinel({ onSeen }: { readonly onSeen: () => void }): VNode {
  const element = useRef<HTMLDivElement>(null)
  const latest = useRef(onSeen)
  latest.current = onSeen
  useEffect(() => {
    if (element.current === null) return undefined
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) latest.current()
      },
      { rootMargin: '600px' }
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return <div ref={element} aria-hidden="true" />
}
