/** `lumos explain`: the reference in the terminal, without daemon and without network. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ERRORS, EXIT } from '../../core/error-table.ts'
import { isErrorCode, type ErrorCode } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { suggest } from '../../core/suggest.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { padEnd } from '../width.ts'

interface Page {
  readonly kind: 'error' | 'limit' | 'exit' | 'setting'
  readonly name: string
  readonly rows: readonly (readonly [label: string, text: string])[]
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('<word>', 'error code, exit code, limit or setting')
    .example('lumos explain NO_ROUTE', 'an error: what it means and what to do')
    .example('lumos explain 7', 'an exit code')
    .example('lumos explain frameBytes', 'a limit and its reason')
    .example('lumos explain discovery.mdns', 'a setting')
    .action(async (word: string) => {
      const settings = await readSettings(cli)
      const page = find(word, settings)
      if (page === undefined) throw unknown(word, settings)
      if (cli.flags.json) {
        return cli.document({
          v: 1,
          kind: page.kind,
          name: page.name,
          ...Object.fromEntries(page.rows)
        })
      }
      const style = cli.out()
      cli.print(`${style.strong(page.name)}   ${style.faint(page.kind)}`)
      for (const [label, text] of page.rows) cli.print(`  ${style.faint(padEnd(label, 8))} ${text}`)
    })
}

function find(word: string, settings: readonly Page[]): Page | undefined {
  const code = word.toUpperCase().replaceAll('-', '_').replace(/^E_/, '')
  if (isErrorCode(code)) return errorPage(code)
  const exit = Object.entries(EXIT).find(([, number]) => String(number) === word)
  if (exit !== undefined) return exitPage(...exit)
  const same = (name: string): boolean => name.toLowerCase() === word.toLowerCase()
  const limit = Object.entries(LIMITS).find(([name]) => same(name))
  if (limit !== undefined) {
    const [name, { value, unit, why }] = limit
    return {
      kind: 'limit',
      name,
      rows: [
        ['value', `${value} ${unit}`],
        ['why', why]
      ]
    }
  }
  return settings.find(({ name, rows }) => same(name) || rows.some(([, text]) => same(text)))
}

function errorPage(code: ErrorCode): Page {
  const { message, hint, retry, exit, a2a } = ERRORS[code]
  return {
    kind: 'error',
    name: code,
    rows: [
      ['means', asPattern(message)],
      ['do', asPattern(hint)],
      ['again', retry ? 'trying again, or another peer, can help' : 'trying again does not help'],
      ['exit', `${exit} (${exitMeaning(exit)})`],
      ['a2a', String(a2a)]
    ]
  }
}

/** `{peer}` as `PEER`. */
function asPattern(template: string): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
}

function exitPage(name: string, number: number): Page {
  const codes = Object.entries(ERRORS).flatMap(([code, { exit }]) =>
    exit === number ? [code] : []
  )
  const rows: [string, string][] = [['means', exitMeaning(number)]]
  if (codes.length > 0) rows.push(['errors', codes.join(', ')])
  return { kind: 'exit', name: `${number} ${name}`, rows }
}

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'failed',
  usage: 'the command line is not right',
  daemonUnreachable: 'the node is not running, or went away',
  denied: 'not allowed',
  notFound: 'no such peer, agent, task or provider',
  timedOut: 'out of time',
  taskFailed: 'the task failed or was refused',
  badConfig: 'the configuration, a key or the home is not usable',
  taskWaiting: 'the task asks something, and nobody is here to answer: `lumos tasks answer`',
  crashed: 'the node ended because of a defect',
  interrupted: 'Ctrl-C'
}

function exitMeaning(number: number): string {
  const name = Object.entries(EXIT).find(([, each]) => each === number)?.[0]
  return name === undefined
    ? ''
    : (Object.entries(EXIT_MEANINGS).find(([key]) => key === name)?.[1] ?? '')
}

/** As `lumos config` takes them. */
export async function settingNames(cli: Cli): Promise<string[]> {
  return (await readSettings(cli)).map(({ name }) => name)
}

/** Settings are described in docs/configuration.md, which ships with the package: "| `key` | …". */
async function readSettings({ host }: Cli): Promise<Page[]> {
  const file = join(host.packageRoot, 'docs', 'configuration.md')
  const text = await readFile(file, 'utf8').catch(() => '')
  let head: string[] = []
  return text.split('\n').flatMap((line): Page[] => {
    const cells = cellsOf(line)
    const name = /^`([a-z][\w.-]*)`$/i.exec(cells[0] ?? '')?.[1]
    if (name === undefined) {
      if (cells.length > 0 && !/^:?-+:?$/.test(cells[0] ?? '')) head = cells
      return []
    }
    if (head[0] !== 'key') return []
    const rows = cells
      .slice(1)
      .map((cell, index): [string, string] => [
        (head[index + 1] ?? '').toLowerCase(),
        cell.replaceAll('`', '')
      ])
    return [{ kind: 'setting', name, rows: rows.filter(([, cell]) => cell !== '') }]
  })
}

function cellsOf(line: string): string[] {
  if (!line.startsWith('|')) return []
  return line
    .slice(1)
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function unknown(word: string, settings: readonly Page[]): Error {
  const names = [
    ...Object.keys(ERRORS),
    ...Object.keys(LIMITS),
    ...settings.map(({ name }) => name)
  ]
  const near = suggest(word, names)
  const suggestion =
    near === undefined ? 'see docs/errors.md, limits.md, configuration.md' : `did you mean ${near}?`
  return usage(`nothing is called "${word}"`, { suggestion })
}
