/** The mesh as text, at several sizes and widths, and for programs that draw. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toDot, toMermaid } from '../../../cli/mesh-formats.ts'
import { drawMesh, meshModel, sumUp } from '../../../cli/mesh-layout.ts'
import { createStyle } from '../../../cli/style.ts'
import { displayWidth } from '../../../cli/width.ts'
import type { MeshGraph, MeshLink, MeshNode } from '../../../client/mesh-api.ts'
import { seededRandom } from '../../support/random.ts'

const PLAIN = createStyle(false)

function node(id: string, name = id, more: Partial<MeshNode> = {}): MeshNode {
  return { id, name, state: 'connected', agents: 0, links: 'told', ...more }
}

function link(a: string, b: string, more: Partial<MeshLink> | number = {}): MeshLink {
  const facts = typeof more === 'number' ? { rttMs: more } : more
  return { a, b, path: 'direct', rttMs: null, sure: true, seenBy: [a, b], ...facts }
}

function graphOf(nodes: readonly MeshNode[], links: readonly MeshLink[]): MeshGraph {
  return { v: 1, self: nodes[0]?.id ?? '', nodes, links, omitted: 0, ageMs: 0 }
}

/** A ring with chords, the same each time: each node has about eight links. */
function crowd(size: number): MeshGraph {
  const random = seededRandom(7)
  const nodes = Array.from({ length: size }, (_, n) => node(`id-${n}`, `node-${n}`))
  const links = nodes.flatMap((_, n) =>
    [1, 2, 5, 13].flatMap((step) => {
      const other = (n + step) % size
      return other === n ? [] : [link(`id-${n}`, `id-${other}`, 1 + Math.floor(random.next() * 80))]
    })
  )
  const once = new Map(links.map((one) => [[one.a, one.b].toSorted().join(), one]))
  return graphOf(nodes, [...once.values()])
}

function draw(graph: MeshGraph, columns = Infinity): string {
  return drawMesh(meshModel(graph), { columns, style: PLAIN }).join('\n')
}

const FOUR = graphOf(
  [
    node('a', 'amber-otter', { state: 'self' }),
    node('b', 'bob'),
    node('s', 'slate-heron'),
    node('r', 'ruby-finch')
  ],
  [
    link('a', 'b', 0.4),
    link('b', 's', { rttMs: 37.2, path: 'relay' }),
    link('a', 'r', 0.6),
    link('b', 'r', 0.7)
  ]
)

test('four nodes fit on a few lines', () => {
  expect(`\n${draw(FOUR, 80)}\n`).toBe(`
amber-otter
├──0.4── bob   also ruby-finch 0.7
│  └──37── slate-heron (relay)
└──0.6── ruby-finch
`)
  expect(sumUp(meshModel(FOUR))).toBe('4 nodes, 4 links, diameter 2')
})

test('a row of nodes is one line, dashed where one end alone says so', () => {
  const row = graphOf(
    [node('a'), node('b'), node('c')],
    [link('a', 'b', 0.4), link('b', 'c', { sure: false })]
  )
  expect(draw(row, 80)).toBe('a ──0.4── b ╌╌╌╌ c')
  expect(draw(row, 12)).toBe('a ──0.4── b\n└╌╌╌╌ c')
})

test('twelve nodes at 80 columns', () => {
  expect(`\n${draw(crowd(12), 80)}\n`).toMatchSnapshot()
})

test('sixty nodes at 80 columns have a line each at most, and nothing is hidden off a terminal', () => {
  const graph = crowd(60)
  const lines = draw(graph, 80).split('\n')
  expect(lines.length).toBeLessThanOrEqual(60)
  expect(lines.slice(0, 6).join('\n')).toMatchSnapshot()
  const whole = draw(graph)
  for (const { name } of graph.nodes) expect(whole).toContain(name)
  const drawn = whole.match(/──|also|, /g)?.length ?? 0
  expect(drawn).toBeGreaterThanOrEqual(graph.links.length)
})

test('of very many nodes not all ways are measured', () => {
  expect(sumUp(meshModel(crowd(600)))).toMatch(/^600 nodes, 2,400 links, diameter at least \d+$/)
})

test('names that are Chinese, shared or missing', () => {
  const graph = graphOf(
    [
      node('a', '琥珀'),
      node('12D3KooWabcdefgh', 'twin'),
      node('12D3KooWijklmnop', 'twin'),
      node('e', '')
    ],
    [link('a', '12D3KooWabcdefgh', 2), link('a', '12D3KooWijklmnop', 3), link('a', 'e', 4)]
  )
  expect(draw(graph)).toBe('琥珀\n├──2── twin …abcdefgh\n├──3── twin …ijklmnop\n└──4── e')
})

test('nodes that nobody says to be connected to are named with their state', () => {
  const graph = graphOf(
    [node('a'), node('b', 'birch', { state: 'refused' }), node('e', 'elm', { state: 'heard' })],
    []
  )
  expect(draw(graph, 80)).toBe('a\nno way known to: birch (refused), elm (heard)')
  expect(draw(graph, 36)).toBe('a\nno way known to: birch (refused), +1')
})

const anyGraph = fc
  .record({
    names: fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), {
      minLength: 1,
      maxLength: 25
    }),
    pairs: fc.array(fc.tuple(fc.nat(24), fc.nat(24), fc.option(fc.double({ min: 0, max: 9e4 }))), {
      maxLength: 60
    })
  })
  .map(({ names, pairs }) => {
    const nodes = names.map((name, n) => node(`id-${n}`, name))
    const links = pairs.flatMap(([a, b, rtt], index) =>
      a < b && b < names.length
        ? [
            link(`id-${a}`, `id-${b}`, {
              rttMs: Number.isNaN(rtt) ? null : rtt,
              sure: index % 3 > 0,
              path: index % 4 > 0 ? 'direct' : 'relay'
            })
          ]
        : []
    )
    return graphOf(nodes, [...new Map(links.map((one) => [`${one.a} ${one.b}`, one])).values()])
  })

test('no line is ever wider than the terminal', () => {
  fc.assert(
    fc.property(
      anyGraph,
      fc.integer({ min: 20, max: 120 }),
      fc.boolean(),
      (graph, columns, colours) => {
        const lines = drawMesh(meshModel(graph), { columns, style: createStyle(colours) })
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
      }
    )
  )
})

test('DOT is well formed, whatever nodes are called', () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const { nodes, edges } = parseDot(toDot(meshModel(graph)))
      expect(nodes).toEqual(graph.nodes.map(({ id }) => id))
      expect(edges).toEqual(graph.links.map(({ a, b }) => `${a} ${b}`))
    })
  )
})

/** The part of DOT's grammar that is used; throws at the first character that does not belong there. */
function parseDot(text: string) {
  const token = /\s*("(?:[^"\\\n]|\\["\\n])*"|--|[a-z]+|[{}[\]=,])/y
  const tokens: string[] = []
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex
    const found = token.exec(text)?.[1]
    if (found === undefined) throw new SyntaxError(`no DOT: ${text.slice(at, at + 40)}`)
    tokens.push(found)
  }
  const take = (): string => tokens.shift() ?? ''
  const must = (...words: readonly string[]): void => {
    for (const word of words) expect(take()).toBe(word)
  }
  const attributes = (): void => {
    must('[')
    do {
      expect(take()).toMatch(/^[a-z]+$/)
      must('=')
      expect(take()).toMatch(/^([a-z]+|".*")$/s)
    } while (tokens[0] === ',' && take() === ',')
    must(']')
  }
  const nodes: string[] = []
  const edges: string[] = []
  must('graph', 'lumos', '{', 'node')
  attributes()
  while (tokens[0] !== '}') {
    const id = take().slice(1, -1)
    if (tokens[0] === '--') {
      must('--')
      edges.push(`${id} ${take().slice(1, -1)}`)
    } else {
      nodes.push(id)
    }
    attributes()
  }
  must('}')
  expect(tokens).toEqual([])
  return { nodes, edges }
}

test('Mermaid is well formed, whatever nodes are called', () => {
  const line =
    /^ {2}(n\d+(\["[^"[\](){}<>|]*(<br>[^"[\](){}<>|]*)*"\]|\(\["[^"[\](){}|]*"\]\))|n\d+ (---|-\.-)(\|"[^"|]*"\|)? n\d+)$/u
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const [head, ...lines] = toMermaid(meshModel(graph)).split('\n')
      expect(head).toBe('flowchart LR')
      expect(lines).toHaveLength(graph.nodes.length + graph.links.length)
      for (const each of lines) expect(each).toMatch(line)
    })
  )
})
