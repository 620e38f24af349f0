/** `lumos bugreport`: what somebody who helps has to know, in one file, without what is none of their business. */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { toLumosError } from '../../core/errors.ts'
import { writeArchive, type ReportFile } from '../bug-report/archive.ts'
import { knownSecrets } from '../bug-report/known-secrets.ts'
import { createRedaction, type Redaction } from '../bug-report/redaction.ts'
import { readSource, sourcesOf, type Source } from '../bug-report/sources.ts'
import type { Cli } from '../cli.ts'
import { bytes } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { padEnd } from '../width.ts'

/** Debug lines end by themselves when whoever asked for them forgets it. */
const RECORD_MS = 30 * 60_000

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--out <file>', 'where to write it (default: here, named by time)')
    .option('--record', 'log more while you make it happen again, and then collect')
    .example('lumos bugreport', 'what is known now; works with the node down, too')
    .example('lumos bugreport --record', 'make it happen again, then press Enter')
    .example('tar tzf lumos-bugreport-….tar.gz', 'look inside before you send it')
    .action(async ({ out, record = false }: { out?: string; record?: boolean }) => {
      const isUp = await answers(cli)
      if (record) await recorded(cli)
      const at = new Date(cli.clock.now())
      const folder = `lumos-bugreport-${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`
      const path = resolve(out ?? `${folder}.tar.gz`)
      const redaction = await redactionFor(cli)
      const sources = sourcesOf(cli, isUp)
      const files = await Promise.all(sources.map((source) => fileOf(source, redaction)))
      const size = await writeArchive(path, [about(sources, isUp), ...files], { folder, at })
      show({ path, size, isUp, sources, files }, cli)
    })
}

/** What is not answered in time is as good as down: the rest is worth having. */
async function answers(cli: Cli): Promise<boolean> {
  try {
    await cli.client().id(cli.call())
    return true
  } catch (error) {
    if (cli.signal.aborted) throw error
    cli.note(`the node does not answer (${toLumosError(error).code}); what it left is collected`)
    return false
  }
}

async function recorded(cli: Cli): Promise<void> {
  const { logLevels } = cli.client()
  const { level, components } = await logLevels.show(cli.call())
  await logLevels.change({ level: 'debug', forMs: RECORD_MS }, cli.call())
  try {
    cli.terminal.err.write('reproduce, then press Enter\n')
    await cli.terminal.input.readLine(cli.signal)
  } finally {
    await logLevels.change({ reset: true, level, components }, cli.call())
  }
}

async function redactionFor(cli: Cli): Promise<Redaction> {
  const env = cli.env()
  return createRedaction({
    secrets: await knownSecrets(cli.paths(), env),
    home: env['HOME'] ?? homedir()
  })
}

async function fileOf(source: Source, redaction: Redaction): Promise<ReportFile> {
  const found = await readSource(source)
  const isLines = source.file.endsWith('.ndjson') && Array.isArray(found)
  const text = isLines
    ? found.map((line) => `${JSON.stringify(redaction.json(line))}\n`).join('')
    : `${JSON.stringify(redaction.json(found), null, 2)}\n`
  return { name: source.file, text }
}

function about(sources: readonly Source[], isUp: boolean): ReportFile {
  const lines = sources.map(({ file, about: text }) => `${padEnd(file, 18)} ${text}`)
  const text = `A report about a Lumos node, which was ${isUp ? 'running' : 'not running'}.

${lines.join('\n')}

Keys, tokens, invites and passphrases were taken out, as were prompts, answers and what is in the
memory. Names and addresses of nodes, names of agents and settings are in it.
`
  return { name: 'README.txt', text }
}

interface Written {
  readonly path: string
  readonly size: number
  readonly isUp: boolean
  readonly sources: readonly Source[]
  readonly files: readonly ReportFile[]
}

function show({ path, size, isUp, sources, files }: Written, cli: Cli): void {
  const listed = sources.map(({ file, about: text }, index) => {
    return { file, about: text, bytes: Buffer.byteLength(files[index]?.text ?? '') }
  })
  if (cli.flags.json) {
    return cli.document({ v: 1, path, bytes: size, running: isUp, files: listed })
  }
  const style = cli.out()
  cli.print(`${style.strong(path)}   ${bytes(size)}`)
  for (const each of listed) {
    cli.print(
      `  ${padEnd(each.file, 18)} ${padEnd(bytes(each.bytes), 8)} ${style.faint(each.about)}`
    )
  }
  cli.note('secrets, prompts, answers and memory are not in it; addresses and names of nodes are')
  cli.note('look inside before you send it: tar xzf FILE')
}
