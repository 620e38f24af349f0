/** `lumos mesh`: who is connected to whom, how peers are reached, what is gossiped about, and the DHT. */
import type { MeshDht, MeshRoute, MeshTopic } from '../../client/mesh-api.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns } from '../columns.ts'
import type { Column } from '../columns.ts'
import { duration, plural, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'

const FORMATS = ['ascii', 'dot', 'mermaid', 'json'] as const
type Format = (typeof FORMATS)[number]

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos mesh', 'who is connected to whom')
    .example('lumos mesh --format dot | dot -Tsvg > mesh.svg', 'as a picture, with Graphviz')
    .example('lumos mesh routes', 'how each peer is reached')
  defineGraph(command, cli)
  defineRoutes(command, cli)
  defineTopics(command, cli)
  defineDht(command, cli)
}

function defineGraph(command: LumosCommand, cli: Cli): void {
  command
    .command('graph', { isDefault: true })
    .description('nodes and the connections between them, as far as peers tell')
    .option('--format <format>', 'ascii, dot, mermaid or json', 'ascii')
    .example('lumos mesh graph', 'the same as: lumos mesh')
    .example('lumos mesh --format mermaid', 'for a document')
    .action(async ({ format }: { format: string }) => {
      const wanted = formatOf(format, cli)
      const graph = await cli.client().mesh.graph(cli.call())
      if (wanted === 'json') return cli.document(graph)
      const { drawMesh, meshModel, sumUp } = await import('../mesh-layout.ts')
      const model = meshModel(graph)
      if (wanted !== 'ascii') {
        const { toDot, toMermaid } = await import('../mesh-formats.ts')
        return cli.print(wanted === 'dot' ? toDot(model) : toMermaid(model))
      }
      const { out } = cli.terminal
      const columns = out.isTerminal ? out.columns() : Infinity
      for (const line of drawMesh(model, { columns, style: cli.out() })) cli.print(line)
      cli.note(`${sumUp(model)} · round trips in ms · --format mermaid|dot|json`)
      if (graph.links.some(({ sure }) => !sure)) cli.note('dashed: one end alone says so')
      const silent = graph.nodes.filter(({ links }) => links === 'silent').length
      if (silent > 0) cli.note(`${plural(silent, 'peer')} did not tell: older, busy or hung`)
    })
}

function formatOf(word: string, cli: Cli): Format {
  const format = FORMATS.find((one) => one === word)
  if (format === undefined) {
    const suggestion = `choose one of ${FORMATS.join(', ')}`
    throw usage(`there is no format "${word}"`, { command: 'mesh graph', suggestion })
  }
  return cli.flags.json ? 'json' : format
}

function defineRoutes(command: LumosCommand, cli: Cli): void {
  command
    .command('routes')
    .description('how each known peer is reached')
    .example('lumos mesh routes', 'path, hops, next hop and round trip')
    .example('lumos mesh routes --json | jq -r ".routes[].address"', 'addresses for a script')
    .action(async () => {
      const document = await cli.client().mesh.routes(cli.call())
      if (cli.flags.json) return cli.document(document)
      const { routes } = document
      if (routes.length === 0) return cli.note('no peers yet: lumos peers')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(routeColumns(cli), routes, context))
      const relayed = routes.filter(({ path }) => path === 'relay').length
      const direct = routes.filter(({ path }) => path === 'direct').length
      cli.note(`${plural(direct, 'direct way')}, ${relayed} by relay · why: lumos peers trace PEER`)
    })
}

function routeColumns(cli: Cli): Column<MeshRoute>[] {
  const style = cli.out()
  return [
    {
      title: 'NODE',
      cell: ({ name, id }) => name || shortId(id),
      paint: (text) => style.strong(text)
    },
    {
      title: 'PATH',
      cell: ({ path, state }) => path ?? state,
      paint: (text, { path }) => (path === undefined ? style.doubtful(text) : style.good(text))
    },
    { title: 'HOPS', cell: ({ hops }) => (hops === null ? '' : String(hops)), align: 'right' },
    { title: 'NEXT', cell: ({ next, id }) => (next === undefined ? '' : nextName(next, id)) },
    {
      title: 'RTT',
      cell: ({ rttMs }) => (rttMs === null ? '' : duration(rttMs)),
      align: 'right'
    },
    { title: 'FOUND BY', cell: ({ foundBy }) => foundBy.join(',') },
    { title: 'OVER', cell: ({ layers = '' }) => layers },
    {
      title: 'ADDRESS',
      cell: ({ address, error }) => address ?? error?.message ?? '',
      elastic: true
    }
  ]
}

function nextName(next: NonNullable<MeshRoute['next']>, id: string): string {
  return next.id === id ? 'itself' : next.name || shortId(next.id)
}

function defineTopics(command: LumosCommand, cli: Cli): void {
  command
    .command('topics')
    .description('what is gossiped about, and with whom')
    .example('lumos mesh topics', 'topics, listeners, mesh peers')
    .example('lumos mesh topics --json', 'for a script')
    .action(async () => {
      const document = await cli.client().mesh.topics(cli.call())
      if (cli.flags.json) return cli.document(document)
      const { topics, peers } = document
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(topicColumns(cli), topics, context))
      cli.note(`${plural(topics.length, 'topic')}, ${plural(peers, 'gossip peer')}`)
      for (const { purpose, topic, subscribers } of topics) {
        if (subscribers > 0 || peers === 0) continue
        cli.note(`! nobody listens to ${purpose || topic}; what you write there stays local`)
      }
    })
}

function topicColumns(cli: Cli): Column<MeshTopic>[] {
  const style = cli.out()
  return [
    {
      title: 'ABOUT',
      cell: ({ purpose }) => purpose || '?',
      paint: (text) => style.strong(text)
    },
    { title: 'SUBSCRIBERS', cell: ({ subscribers }) => String(subscribers), align: 'right' },
    { title: 'MESH', cell: ({ meshPeers }) => String(meshPeers.length), align: 'right' },
    {
      title: 'WITH',
      cell: ({ meshPeers }) => meshPeers.map(({ name, id }) => name || shortId(id)).join(',')
    },
    { title: 'MSG/S', cell: (topic) => rateOf(topic).toFixed(1), align: 'right' },
    { title: 'TOPIC', cell: ({ topic }) => topic, elastic: true }
  ]
}

/** Since this node listens. */
function rateOf({ messages, overMs }: MeshTopic): number {
  return overMs === 0 ? 0 : (1000 * messages) / overMs
}

function defineDht(command: LumosCommand, cli: Cli): void {
  command
    .command('dht')
    .description('the table, the records, and how long a search takes')
    .option('--no-lookup', 'do not search')
    .example('lumos mesh dht', 'with a search for the nearest to this node')
    .example('lumos mesh dht --json', 'for a script')
    .action(async ({ lookup }: { lookup: boolean }) => {
      const document = await cli.client().mesh.dht({ ...cli.call(), lookup })
      if (cli.flags.json) return cli.document(document)
      for (const line of dhtLines(document, cli)) cli.print(line)
      if (document.peers === 0) cli.note('! nobody is in the table: lumos doctor tells why')
    })
}

function dhtLines(
  { mode, protocol, peers, buckets, records, announced, lookup }: MeshDht,
  cli: Cli
): string[] {
  const style = cli.out()
  const rows: [string, string][] = [
    ['mode', `${mode}${mode === 'server' ? ', answers lookups of others' : ''}`],
    ['protocol', protocol],
    ['table', `${plural(peers, 'peer')} in ${plural(buckets.length, 'bucket')}`],
    ...buckets.map(({ sharedBits, peers: count }): [string, string] => [
      '',
      `${padEnd(`${sharedBits} bits shared`, 16)} ${'▪'.repeat(Math.min(count, BAR))} ${count}`
    ]),
    ['records', `${records.kept} kept for others, ${records.own} of its own`],
    ['announced', announcedText(announced)]
  ]
  if (lookup !== null) {
    const end = lookup.complete ? '' : ', given up then'
    rows.push(['lookup', `${plural(lookup.found, 'peer')} in ${duration(lookup.tookMs)}${end}`])
  }
  return rows.map(([name, text]) => `${style.faint(padEnd(name, 9))} ${oneLine(text)}`)
}

/** A bucket holds as many at most (kBucketSize). */
const BAR = 20

function announcedText({ keys, agoMs, failed }: MeshDht['announced']): string {
  const when = agoMs === null ? 'not yet all' : `${duration(agoMs)} ago`
  const lost = failed === 0 ? '' : `; ${failed} failed and are tried again`
  return `${plural(keys, 'skill')}, ${when}${lost}`
}
