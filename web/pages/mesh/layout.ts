/** Finds places for the nodes of a mesh: near ones near, none upon another; those that stay keep their places. */
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import type { SimulationLinkDatum, SimulationNodeDatum } from 'd3-force'
import type { MeshGraph, MeshLink, MeshNode } from '../../../client/mesh-api.ts'

export interface PlacedNode extends SimulationNodeDatum {
  readonly id: string
  node: MeshNode
  radius: number
}

export interface PlacedLink extends SimulationLinkDatum<PlacedNode> {
  readonly link: MeshLink
  source: PlacedNode
  target: PlacedNode
}

export interface Layout {
  readonly nodes: readonly PlacedNode[]
  readonly links: readonly PlacedLink[]
  /** Takes in what is told now. */
  update(graph: MeshGraph): void
  /** One step; false when all have found their places. */
  step(): boolean
}

/** Links of this many milliseconds and more are equally long. */
const FAR_MS = 250

export function createLayout(): Layout {
  const known = new Map<string, PlacedNode>()
  let nodes: PlacedNode[] = []
  let links: PlacedLink[] = []
  const linkForce = forceLink<PlacedNode, PlacedLink>()
    .distance(({ link, source, target }) => lengthOf(link) + source.radius + target.radius)
    .strength(({ link }) => (link.sure ? 0.5 : 0.15))
  const simulation = forceSimulation<PlacedNode>()
    .force('charge', forceManyBody<PlacedNode>().strength(-160).distanceMax(600))
    .force('link', linkForce)
    .force(
      'collide',
      forceCollide<PlacedNode>().radius(({ radius }) => radius + 6)
    )
    .force('x', forceX(0).strength(0.05))
    .force('y', forceY(0).strength(0.07))
    .alphaDecay(0.035)
    .stop()
  return {
    get nodes() {
      return nodes
    },
    get links() {
      return links
    },
    update(graph) {
      const before = known.size
      nodes = graph.nodes.map((node) => {
        const placed = known.get(node.id) ?? { id: node.id, node, radius: 0 }
        placed.node = node
        placed.radius = radiusOf(node)
        return placed
      })
      known.clear()
      for (const node of nodes) known.set(node.id, node)
      links = graph.links.flatMap((link) => {
        const source = known.get(link.a)
        const target = known.get(link.b)
        return source === undefined || target === undefined ? [] : [{ link, source, target }]
      })
      simulation.nodes(nodes)
      linkForce.links(links)
      simulation.alpha(before === 0 ? 1 : 0.25)
    },
    step() {
      simulation.tick()
      return simulation.alpha() > simulation.alphaMin()
    }
  }
}

function lengthOf({ rttMs, path }: MeshLink): number {
  const near = Math.sqrt(Math.min(rttMs ?? FAR_MS / 4, FAR_MS))
  return 40 + near * 7 + (path === 'relay' ? 30 : 0)
}

function radiusOf({ state, load = 0 }: MeshNode): number {
  return (state === 'self' ? 9 : 6) + 9 * Math.sqrt(Math.min(1, load))
}
