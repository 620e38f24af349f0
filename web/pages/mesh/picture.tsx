/** The picture of a mesh, on a canvas: 500 nodes are one drawing, not thousands of elements. */
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { MeshGraph } from '../../../client/mesh-api.ts'
import { Stage } from './stage.tsx'

export interface PictureProps {
  readonly graph: MeshGraph
  readonly selected: string | undefined
  /** Ids that stand out; undefined: all alike. */
  readonly marked: ReadonlySet<string> | undefined
  /** Another one has other colours. */
  readonly theme: string
  readonly onChoose: (id: string) => void
}

export function Picture({ graph, selected, marked, theme, onChoose }: PictureProps): VNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const stage = useRef<Stage>(undefined)
  useEffect(() => {
    if (canvas.current === null) return undefined
    const current = new Stage(canvas.current)
    stage.current = current
    const observer = new ResizeObserver(() => current.paint())
    observer.observe(canvas.current)
    const scheme = matchMedia('(prefers-color-scheme: light)')
    const repaint = (): void => current.paint()
    scheme.addEventListener('change', repaint)
    return () => {
      observer.disconnect()
      scheme.removeEventListener('change', repaint)
      current.stop()
    }
  }, [])
  useEffect(() => stage.current?.show(graph), [graph])
  useEffect(() => stage.current?.mark({ selected, marked }), [selected, marked, theme])
  return (
    <canvas
      ref={canvas}
      class="picture"
      role="img"
      aria-label={`${graph.nodes.length} nodes and ${graph.links.length} links; the list beside it says the same`}
      onClick={(event) => {
        const id = stage.current?.nodeAt(event)
        if (id !== undefined) onChoose(id)
      }}
      onMouseMove={(event) => {
        const id = stage.current?.nodeAt(event)
        event.currentTarget.style.cursor = id === undefined ? 'default' : 'pointer'
        stage.current?.hover(id)
      }}
    />
  )
}
