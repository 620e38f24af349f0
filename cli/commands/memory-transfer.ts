/** `lumos memory export` and `import`: facts as lines of a file. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ImportRequest } from '../../client/memory-api.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { oneLine } from '../width.ts'
import { spaceOption } from './space-option.ts'
import type { SpaceFlags } from './space-option.ts'

/** Facts of one request: `memoryImport` of the daemon is 512. */
const BATCH = 256
const INPUT = '-'

type ImportedFact = ImportRequest['facts'][number]

interface ExportFlags extends SpaceFlags {
  readonly prefix?: string
}

export function defineExport(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('export'))
    .description('all that is known, one fact a line')
    .option('--prefix <prefix>', 'only keys that begin so')
    .example('lumos memory export > shared.ndjson', 'a copy that lumos memory import reads')
    .action(async ({ space, prefix }: ExportFlags) => {
      const range = { ...(prefix !== undefined && { prefix }) }
      for await (const fact of cli.client().memory.export(space, range, cli.call())) cli.line(fact)
    })
}

export function defineImport(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('import'))
    .description('write exported facts as this node’s own, now: they win over what is there')
    .argument('<file>', 'what lumos memory export wrote; stdin when it is -')
    .example('lumos memory import shared.ndjson', 'nothing is written when a line is damaged')
    .example('lumos memory import shared.ndjson --space team', 'into another space')
    .action(async (file: string, { space }: SpaceFlags) => {
      const lines = await linesOf(file, cli)
      // All of it first: half a file is worse than none.
      for await (const _ of factsOf(file, lines())) continue
      const client = cli.client()
      let [written, expired] = [0, 0]
      for await (const facts of batchesOf(factsOf(file, lines()))) {
        const result = await client.memory.import(space, { facts }, cli.call())
        written += result.written
        expired += result.expired
      }
      if (cli.flags.json) return cli.document({ v: 1, space, written, expired })
      const left = expired === 0 ? '' : `; ${expired} had expired`
      cli.print(`${plural(written, 'fact')} written to ${oneLine(space)}${left}`)
    })
}

/** The lines, as often as they are wanted. */
async function linesOf(file: string, cli: Cli): Promise<() => AsyncIterable<string>> {
  if (file !== INPUT) return () => readFileLines(file)
  const lines = (await cli.terminal.input.readAll()).split('\n')
  return async function* () {
    yield* lines
  }
}

async function* readFileLines(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw usage(`${file} cannot be read: ${reason}`, { command: 'memory import' })
  }
}

async function* factsOf(file: string, lines: AsyncIterable<string>): AsyncGenerator<ImportedFact> {
  let number = 0
  for await (const line of lines) {
    number += 1
    if (line.trim() === '') continue
    const fact = factOf(line)
    if (typeof fact === 'string') {
      const suggestion = 'nothing was written: mend the line, or take it out'
      throw usage(`${file}, line ${number}: ${fact}`, { suggestion })
    }
    yield fact
  }
}

/** Why the line is none, in words. */
function factOf(line: string): ImportedFact | string {
  let document: unknown
  try {
    document = JSON.parse(line)
  } catch {
    return 'it is no JSON'
  }
  if (typeof document !== 'object' || document === null) return 'it is no fact'
  if (!('key' in document) || typeof document.key !== 'string') return 'it has no key'
  if (!('value' in document)) return 'it has no value'
  const expiresAt = 'expiresAt' in document ? document.expiresAt : undefined
  if (
    expiresAt !== undefined &&
    (typeof expiresAt !== 'string' || Number.isNaN(Date.parse(expiresAt)))
  ) {
    return 'its expiresAt is no time'
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse made it
  const value = document.value as ImportedFact['value']
  return { key: document.key, value, ...(expiresAt !== undefined && { expiresAt }) }
}

async function* batchesOf(facts: AsyncIterable<ImportedFact>): AsyncGenerator<ImportedFact[]> {
  let batch: ImportedFact[] = []
  for await (const fact of facts) {
    batch.push(fact)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
