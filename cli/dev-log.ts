/** Shows what happens to agents while they are written: versions, requests, failures with their place. */
import { relative } from 'node:path'
import type { DevEvent, Place } from '../client/dev-api.ts'
import type { Cli } from './cli.ts'
import { duration } from './format.ts'
import { cut, oneLine, padEnd, printable } from './width.ts'

type Answered = Extract<DevEvent, { type: 'answered' }>
type Asked = Extract<DevEvent, { type: 'asked' }>

/** Requests whose answers are shown with what was asked. */
const REMEMBERED = 1000
const SHOWN_TEXT = 60

export function createDevLog(cli: Cli, folder: string): (event: DevEvent) => void {
  const style = cli.out()
  const asked = new Map<string, Asked>()
  const at = ({ file, line, column }: Place): string => {
    const path = file.startsWith(`${folder}/`) ? relative(folder, file) : file
    return [oneLine(path), line, ...(column === undefined ? [] : [column])].join(':')
  }

  function loaded({ agents, version, tookMs }: Extract<DevEvent, { type: 'loaded' }>): void {
    const names = agents.map(({ id }) => style.strong(oneLine(id))).join(', ')
    const facts = style.faint(`version ${version}   ${duration(tookMs)}`)
    cli.print(`${style.good(version === 1 ? '✓' : '↻')} ${names}   ${facts}`)
    if (version > 1) return
    for (const { id, example } of agents) {
      const text = example === undefined ? '"…"' : JSON.stringify(oneLine(example))
      cli.note(`  try: ${cli.err().accent(`${cli.command} run ${oneLine(id)} ${text}`)}`)
    }
  }

  function failed(event: Extract<DevEvent, { type: 'failed' }>): void {
    const place = event.place === undefined ? '' : `${style.strong(at(event.place))}  `
    cli.print(`${style.bad('✗')} ${place}${oneLine(event.reason)}`)
    const goesOn = event.serving ? 'the version before still answers' : 'nothing answers'
    cli.print(`  ${style.faint(`${goesOn}; save a file to try again`)}`)
  }

  function answered({ task, agent, tookMs, error, place }: Answered): void {
    const { caller, text = '' } = asked.get(task) ?? {}
    asked.delete(task)
    const mark = error === undefined ? style.good('·') : style.bad('✗')
    const who = `${padEnd(oneLine(caller?.name ?? ''), 12)} ${style.strong(oneLine(agent))}`
    const what = style.faint(cut(oneLine(text), SHOWN_TEXT))
    cli.print(`${mark} ${who}  ${what}  ${duration(tookMs)}`)
    if (error === undefined) return
    const where = place === undefined ? '' : `${at(place)}  `
    cli.print(`  ${style.bad(oneLine(error.code))}  ${where}${oneLine(error.message)}`)
  }

  return (event) => {
    switch (event.type) {
      case 'loaded':
        return loaded(event)
      case 'failed':
        return failed(event)
      case 'asked':
        asked.set(event.task, event)
        // Whoever is never answered is forgotten, the oldest first.
        for (const oldest of asked.keys()) {
          if (asked.size <= REMEMBERED) break
          asked.delete(oldest)
        }
        return
      case 'answered':
        return answered(event)
      case 'printed':
        return cli.print(`${style.faint('│')} ${printable(event.text)}`)
    }
  }
}
