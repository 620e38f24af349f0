/** What happens on the canvas of a mesh: nodes find their places a few milliseconds a frame, and stay there. */
import type { MeshGraph } from '../../../client/mesh-api.ts'
import { coloursOf, draw, fitting } from './drawing.tsx'
import type { Fit } from './drawing.tsx'
import { createLayout } from './layout.ts'
import type { PlacedNode } from './layout.ts'

export interface Marks {
  readonly selected: string | undefined
  readonly marked: ReadonlySet<string> | undefined
}

/** Of a frame that is spent on finding places. */
const STEP_MS = 6
/** Pixels beside a node that still mean it. */
const NEAR = 10

export class Stage {
  readonly #canvas: HTMLCanvasElement
  readonly #layout = createLayout()
  #fit: Fit = { scale: 1, x: 0, y: 0 }
  #marks: Marks = { selected: undefined, marked: undefined }
  #hovered: string | undefined
  #self = ''
  #frame = 0

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
  }

  show(graph: MeshGraph): void {
    this.#self = graph.self
    this.#layout.update(graph)
    this.stop()
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
    const go = (): void => {
      const until = performance.now() + STEP_MS
      let moves = true
      while (moves && performance.now() < until) moves = this.#layout.step()
      if (!isStill || !moves) this.paint()
      if (moves) this.#frame = requestAnimationFrame(go)
    }
    this.#frame = requestAnimationFrame(go)
  }

  mark(marks: Marks): void {
    this.#marks = marks
    this.paint()
  }

  hover(id: string | undefined): void {
    if (id === this.#hovered) return
    this.#hovered = id
    this.paint()
  }

  paint(): void {
    const size = sized(this.#canvas)
    this.#fit = fitting(this.#layout.nodes, size)
    draw(this.#canvas, {
      layout: this.#layout,
      fit: this.#fit,
      ...this.#marks,
      hovered: this.#hovered,
      self: this.#self,
      colours: coloursOf(this.#canvas)
    })
  }

  nodeAt(event: MouseEvent): string | undefined {
    const { left, top } = this.#canvas.getBoundingClientRect()
    const at = { x: event.clientX - left, y: event.clientY - top }
    return nearest(this.#layout.nodes, this.#fit, at)?.id
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
  }
}

function nearest(
  nodes: readonly PlacedNode[],
  { scale, x, y }: Fit,
  at: { readonly x: number; readonly y: number }
): PlacedNode | undefined {
  let best: PlacedNode | undefined
  let least = NEAR
  for (const node of nodes) {
    const far = Math.hypot((node.x ?? 0) * scale + x - at.x, (node.y ?? 0) * scale + y - at.y)
    const beyond = far - node.radius * Math.max(scale, 0.5)
    if (beyond >= least) continue
    least = beyond
    best = node
  }
  return best
}

/** As many pixels as the screen has there. */
function sized(element: HTMLCanvasElement): { width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = element
  const [across, down] = [width * devicePixelRatio, height * devicePixelRatio].map(Math.round)
  if (across !== undefined && element.width !== across) element.width = across
  if (down !== undefined && element.height !== down) element.height = down
  return { width, height }
}
