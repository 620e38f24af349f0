/** Shows who comes, changes and goes: a table that keeps itself up to date, or a line for each change. */
import type { Provider } from '../client/api.ts'
import type { FindEvent } from '../client/find-api.ts'
import type { Cli } from './cli.ts'
import { renderColumns } from './columns.ts'
import type { Column } from './columns.ts'
import { percent, plural } from './format.ts'
import { createLiveBlock } from './live-block.ts'
import { oneLine } from './width.ts'

export interface FindWatchView {
  show(event: FindEvent): void
  end(): void
}

/** Changes of one moment are one frame: nobody reads faster. */
const FRAME_MS = 50

export function createFindWatchView(cli: Cli, columns: readonly Column<Provider>[]): FindWatchView {
  if (cli.flags.json) return { show: (event) => cli.line(event), end() {} }
  const isLive = cli.terminal.out.isTerminal && cli.host.env['TERM'] !== 'dumb'
  return isLive ? createTable(cli, columns) : createLines(cli)
}

type Change = Exclude<FindEvent, { readonly type: 'ready' }>

const SIGNS: Readonly<Record<Change['type'], string>> = {
  appeared: '+',
  changed: '~',
  vanished: '-'
}

function createLines(cli: Cli): FindWatchView {
  let known = 0
  return {
    show(event) {
      if (event.type === 'ready') {
        cli.note(`${plural(known, 'provider')}; now what changes, until Ctrl-C`)
        return
      }
      known += 1
      const { description } = event.provider
      cli.print([lineOf(event), oneLine(description)].filter((part) => part !== '').join('  '))
    },
    end() {}
  }
}

/** `+ summarize  writer on birch  load 25%` */
function lineOf({ type, provider }: Change): string {
  const { skill, agent, node, connected, local, load } = provider
  const told = [
    `${SIGNS[type]} ${oneLine(skill)}`,
    `${oneLine(agent)} on ${oneLine(node.name)}`,
    ...(type === 'vanished' || load === null ? [] : [`load ${percent(load)}`]),
    ...(type === 'vanished' || connected || local ? [] : ['not connected'])
  ]
  return told.join('  ')
}

function createTable(cli: Cli, columns: readonly Column<Provider>[]): FindWatchView {
  const sink = cli.terminal.out
  const block = createLiveBlock(sink)
  const providers = new Map<string, Provider>()
  let isReady = false
  let latest: string | undefined
  let cancelFrame: (() => void) | undefined

  function draw(): void {
    cancelFrame = undefined
    const best = [...providers.values()].toSorted((a, b) => b.score - a.score)
    const table = renderColumns(columns, best, { sink, style: cli.out() })
    const news = latest === undefined ? 'Ctrl-C ends' : `last: ${latest}`
    block.show([...table.trimEnd().split('\n'), `${plural(best.length, 'provider')}; ${news}`])
  }

  return {
    show(event) {
      if (event.type === 'ready') isReady = true
      else {
        const { agent, skill, node } = event.provider
        const key = `${node.id} ${agent} ${skill}`
        if (event.type === 'vanished') providers.delete(key)
        else providers.set(key, event.provider)
        if (isReady) latest = `${lineOf(event)}, ${new Date(cli.clock.now()).toLocaleTimeString()}`
      }
      if (isReady) cancelFrame ??= cli.clock.after(FRAME_MS, draw)
    },
    end() {
      if (cancelFrame === undefined) return
      cancelFrame()
      draw()
    }
  }
}
