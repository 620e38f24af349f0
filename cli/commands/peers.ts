/** `lumos peers`: the other nodes of the swarm, and this node's connections to them. */
import type { Peer, PingResult } from '../../client/api.ts'
import { countFlag } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { age, duration, percent, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine } from '../width.ts'

const PING_INTERVAL_MS = 1000

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos peers', 'who is there, how far, with which agents')
    .example('lumos peers ping bob', 'how long a round trip takes')
    .example('lumos peers connect /ip4/192.168.1.9/tcp/5866', 'reach a node by its address')
  defineList(command, cli)
  defineConnect(command, cli)
  defineDisconnect(command, cli)
  definePing(command, cli)
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
      paint: (text, { state }) => (state === 'connected' ? style.good(text) : style.doubtful(text))
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
