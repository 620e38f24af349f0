/** `lumos peers`: the other nodes of the swarm, and this node's connections to them. */
import type { Peer, PingResult } from '../../client/api.ts'
import type { PeerDetails } from '../../client/peers-api.ts'
import { countFlag, durationFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { age, duration, percent, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine, padEnd } from '../width.ts'

const PING_INTERVAL_MS = 1000

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos peers', 'who is there, how far, with which agents')
    .example('lumos peers ping bob', 'how long a round trip takes')
    .example('lumos peers connect /ip4/192.168.1.9/tcp/5866', 'reach a node by its address')
    .example('lumos peers block eve --for 1h', 'keep a node out')
  defineList(command, cli)
  defineConnect(command, cli)
  defineDisconnect(command, cli)
  definePing(command, cli)
  defineTrace(command, cli)
  defineShow(command, cli)
  defineBlock(command, cli)
  defineUnblock(command, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('known peers')
    .example('lumos peers ls', 'the same as: lumos peers')
    .example('lumos peers ls --json | jq -r .peers[].name', 'names for a script')
    .action(async () => {
      const list = await cli.client().peers(cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.peers.length === 0) {
        return cli.note('no peers yet: start another node, or ask: lumos doctor')
      }
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(columns(cli), list.peers, context))
      for (const line of troubles(list.peers)) cli.note(line)
    })
}

function columns(cli: Cli): Column<Peer>[] {
  const style = cli.out()
  const brief = cli.terminal.out.isTerminal
  const now = cli.clock.now()
  return [
    { title: 'NAME', cell: ({ name }) => name, paint: (text) => style.strong(text) },
    { title: 'ID', cell: ({ id }) => (brief ? shortId(id) : id) },
    {
      title: 'STATE',
      cell: ({ state, path }) => (state === 'connected' && path !== undefined ? path : state),
      paint: (text, { state }) => {
        if (state === 'blocked') return style.bad(text)
        return state === 'connected' ? style.good(text) : style.doubtful(text)
      }
    },
    {
      title: 'RTT',
      cell: ({ rttMs }) => (rttMs === null ? '' : duration(rttMs)),
      align: 'right'
    },
    {
      title: 'LOAD',
      cell: ({ load }) => (load === undefined ? '' : percent(load)),
      align: 'right'
    },
    { title: 'SINCE', cell: ({ since }) => (since === undefined ? '' : age(since, now)) },
    { title: 'FOUND BY', cell: ({ foundBy }) => foundBy.join(',') },
    { title: 'AGENTS', cell: ({ agents }) => agents.join(','), elastic: true }
  ]
}

function troubles(peers: readonly Peer[]): string[] {
  return peers.flatMap(({ name, id, error }) =>
    error === undefined
      ? []
      : [
          `! ${oneLine(name || shortId(id))}: ${oneLine(error.message)}   try: ${error.hint ?? 'lumos doctor'}`
        ]
  )
}

function defineConnect(command: LumosCommand, cli: Cli): void {
  command
    .command('connect')
    .description('connect to a node now')
    .argument('<address>', 'multiaddr of a node, or the name of a known peer')
    .example('lumos peers connect /ip4/192.168.1.9/tcp/5866', 'by address')
    .example('lumos peers connect bob', 'a known peer that was disconnected')
    .action(async (address: string) => {
      const answer = await cli.client().connect(address, cli.call())
      if (cli.flags.json) return cli.document(answer)
      const { name, id, path = 'direct' } = answer.peer
      cli.print(`connected to ${oneLine(name)} (${id}), ${path}`)
      cli.note(`undo: lumos peers disconnect ${oneLine(name)}`)
    })
}

function defineDisconnect(command: LumosCommand, cli: Cli): void {
  command
    .command('disconnect')
    .description('close the connection to a peer')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it (6 characters or more)')
    .example('lumos peers disconnect bob', 'by name')
    .example('lumos peers disconnect 12D3KooWQpa', 'by the beginning of its PeerId')
    .action(async (peer: string) => {
      const answer = await cli.client().disconnect(peer, cli.call())
      if (cli.flags.json) return cli.document(answer)
      cli.print(`disconnected from ${oneLine(answer.peer.name)}`)
      cli.note(`undo: lumos peers connect ${oneLine(answer.peer.name)}`)
    })
}

function definePing(command: LumosCommand, cli: Cli): void {
  command
    .command('ping')
    .description('measure the round trip to a peer')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it')
    .option('-c, --count <n>', 'how many times', '3')
    .example('lumos peers ping bob', 'three times')
    .example('lumos peers ping bob -c 1 --json', 'once, for a script')
    .action(async (peer: string, { count }: { count: string }) => {
      const times = countFlag(count)
      for (let sent = 0; sent < times; sent += 1) {
        if (sent > 0 && !(await cli.clock.sleep(PING_INTERVAL_MS, cli.signal))) return
        // oxlint-disable-next-line no-await-in-loop -- one ping after the other is the point
        showPing(cli, await cli.client().ping(peer, cli.call()))
      }
    })
}

function showPing(cli: Cli, pong: PingResult): void {
  if (cli.flags.json) return cli.line(pong)
  const { name, id, rttMs, path } = pong
  cli.print(`pong from ${oneLine(name)} (${shortId(id)})   ${path}   ${duration(rttMs)}`)
}

function defineTrace(command: LumosCommand, cli: Cli): void {
  command
    .command('trace')
    .description('the way to a peer, step by step, and which addresses were tried')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it')
    .example('lumos peers trace bob', 'direct or by a relay, and how long each step takes')
    .example('lumos peers trace bob --json | jq .hops', 'for a script')
    .action(async (peer: string) => {
      const { printTrace } = await import('./peers-trace.ts')
      await printTrace(cli, peer)
    })
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one peer: its role, what it may use, whether it is blocked, what it did wrong')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it')
    .example('lumos peers show bob', 'how this node stands with it')
    .example('lumos peers show bob --json | jq .block', 'for a script')
    .action(async (peer: string) => {
      const details = await cli.client().peer(peer, cli.call())
      if (cli.flags.json) return cli.document(details)
      for (const line of renderPeer(details, cli)) cli.print(line)
    })
}

function renderPeer({ peer, role, quotas, block, blame }: PeerDetails, cli: Cli): string[] {
  const style = cli.out()
  const { state, path, rttMs, addresses, agents, error } = peer
  const rows: [string, string][] = [
    ['id', peer.id],
    [
      'state',
      [state, path, rttMs === null ? undefined : duration(rttMs)].filter(Boolean).join(', ')
    ],
    ['role', role ?? 'none: it is no member'],
    ['agents', agents.join(', ') || 'none'],
    ['quotas', quotasText(quotas)],
    ...(addresses.length === 0 ? [] : [['at', addresses.join(', ')] as [string, string]]),
    ...(error === undefined ? [] : [['why', error.message] as [string, string]]),
    ...(block === undefined ? [] : [['blocked', blockText(block)] as [string, string]]),
    ...(blame === undefined ? [] : [['blame', blameText(blame)] as [string, string]])
  ]
  return [
    style.strong(oneLine(peer.name || shortId(peer.id))),
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 7))} ${oneLine(text)}`)
  ]
}

/** As in docs/limits.md, of which they are a share. */
function quotasText(quotas: PeerDetails['quotas']): string {
  return Object.entries(quotas)
    .map(([name, amount]) => `${name} ${amount.toLocaleString('en')}`)
    .join(', ')
}

function blockText({ at, until, reason }: NonNullable<PeerDetails['block']>): string {
  const end = until === undefined ? 'until it is unblocked' : `until ${until}`
  return `since ${at}, ${end}${reason === undefined ? '' : `: ${reason}`}`
}

function blameText({ points, reason, agoMs }: NonNullable<PeerDetails['blame']>): string {
  const last = reason === undefined ? '' : `, the last one ${reason}`
  return `${points.toFixed(1)} points for what no honest peer does${last}, ${duration(agoMs)} ago`
}

function defineBlock(command: LumosCommand, cli: Cli): void {
  command
    .command('block')
    .description('let a peer connect no more; its connections end at once')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it; the whole PeerId of a stranger')
    .option('--reason <text>', 'why, for whoever asks later')
    .option('--for <duration>', 'how long: 10m, 1h, 7d; for ever without it')
    .example('lumos peers block eve --reason "floods us"', 'until it is unblocked')
    .example('lumos peers block eve --for 1h', 'for an hour')
    .action(async (peer: string, { reason, for: time }: { reason?: string; for?: string }) => {
      const request = {
        ...(reason !== undefined && { reason }),
        ...(time !== undefined && { forMs: durationFlag(time) })
      }
      const answer = await cli.client().block(peer, request, cli.call())
      if (cli.flags.json) return cli.document(answer)
      const name = oneLine(answer.peer.name || answer.peer.id)
      const end = answer.block?.until === undefined ? '' : ` until ${answer.block.until}`
      cli.print(`${name} is blocked${end}`)
      cli.note(`undo: lumos peers unblock ${name}`)
    })
}

function defineUnblock(command: LumosCommand, cli: Cli): void {
  command
    .command('unblock')
    .description('let a peer connect again')
    .argument('<peer>', 'name, PeerId, or a unique beginning of it')
    .example('lumos peers unblock eve', 'from now on')
    .example('lumos peers unblock 12D3KooWQpa', 'by the beginning of its PeerId')
    .action(async (peer: string) => {
      const answer = await cli.client().unblock(peer, cli.call())
      if (cli.flags.json) return cli.document(answer)
      cli.print(`${oneLine(answer.peer.name || answer.peer.id)} is not blocked`)
    })
}
