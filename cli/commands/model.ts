/** `lumos model`: language models that this node can use, where their keys are from, and whether they work. */
import { readFile } from 'node:fs/promises'
import type {
  ModelList,
  ModelProviderDocument,
  ModelProviderSummary,
  ModelTest
} from '../../client/models-api.ts'
import { EXIT } from '../../core/error-table.ts'
import { collect, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { duration, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { oneLine } from '../width.ts'

/** Of one provider on a terminal; some have hundreds. */
const ROWS = 10
const INPUT = '-'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos model', 'what there is, and where each key is from')
    .example('lumos model add openrouter --key-file ~/openrouter.key', 'from then on, at once')
    .example('lumos model test', 'whether the one that is asked by default works')
  defineList(command, cli)
  defineAdd(command, cli)
  defineTest(command, cli)
  defineDefault(command, cli)
  defineRemove(command, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('models of this node; the one with a star is asked when nothing is said')
    .option('--all', `also beyond the first ${ROWS} of a provider`)
    .example('lumos model ls', 'with OPENAI_API_KEY or Ollama there is something at once')
    .example('lumos model ls --json | jq -r ".providers[].models[].ref"', 'names for a script')
    .action(async ({ all }: { readonly all?: boolean }) => {
      const list = await cli.client().models.list(cli.call())
      if (cli.flags.json) return cli.document(list)
      const rows = all === true || !cli.terminal.out.isTerminal ? Infinity : ROWS
      printList(list, rows, cli)
    })
}

interface Row {
  readonly provider: ModelProviderSummary
  readonly model: string
  readonly isDefault: boolean
}

function printList(list: ModelList, most: number, cli: Cli): void {
  if (list.providers.length === 0) {
    return cli.note('no model yet: set OPENAI_API_KEY, start Ollama, or lumos model add NAME')
  }
  const rows = list.providers.flatMap((provider): Row[] => {
    const models = provider.models.slice(0, most).map(({ id, ref }) => {
      return { provider, model: id, isDefault: list.default.includes(ref) }
    })
    return models.length > 0 ? models : [{ provider, model: '', isDefault: false }]
  })
  const style = cli.out()
  const columns: Column<Row>[] = [
    {
      title: 'PROVIDER',
      cell: ({ provider }) => provider.name,
      paint: (text) => style.strong(text)
    },
    { title: 'MODEL', cell: ({ model, isDefault }) => (isDefault ? `${model} *` : model) },
    { title: 'BASE URL', cell: ({ provider }) => provider.baseUrl, elastic: true },
    {
      title: 'STATUS',
      cell: ({ provider }) => provider.status,
      paint: (text, { provider }) =>
        provider.status === 'ready' ? style.good(text) : style.bad(text)
    },
    { title: 'SOURCE', cell: ({ provider }) => provider.source }
  ]
  cli.terminal.out.write(renderColumns(columns, rows, { sink: cli.terminal.out, style }))
  for (const { name, models, problem } of list.providers) {
    if (models.length > most) cli.note(`${name} has ${models.length - most} more: --all`)
    if (problem !== undefined) cli.note(`${oneLine(problem.message)}: ${problem.hint ?? ''}`)
  }
}

interface AddFlags {
  readonly baseUrl?: string
  readonly keyFile?: string
  readonly model?: readonly string[]
}

function defineAdd(command: LumosCommand, cli: Cli): void {
  command
    .command('add')
    .description('use a provider of models, or change one that was added')
    .argument(
      '<provider>',
      'openai, ollama, vllm, lmstudio, openrouter, deepseek, qwen, anthropic, or a name of yours'
    )
    .option('--base-url <url>', 'where it is; needed for a name of yours')
    .option('--key-file <path>', 'file with its key, which the node keeps; from stdin when it is -')
    .option('--model <id>', 'only this model; may be given several times', collect)
    .example('lumos model add deepseek --key-file ~/deepseek.key', 'with the key in that file')
    .example('pass show qwen | lumos model add qwen --key-file -', 'with a key from elsewhere')
    .example('lumos model add gpu --base-url http://gpu:8000/v1', 'a vLLM of your own')
    .action(async (name: string, { baseUrl, keyFile, model }: AddFlags) => {
      const request = {
        name,
        ...(baseUrl !== undefined && { baseUrl }),
        ...(keyFile !== undefined && { key: await keyOf(keyFile, cli) }),
        ...(model !== undefined && { models: model })
      }
      tellAdded(await cli.client().models.add(request, cli.call()), cli)
    })
}

/** Keys come by files and pipes only: what is typed into a command stays in histories and process lists. */
async function keyOf(path: string, cli: Cli): Promise<string> {
  const text = path === INPUT ? await cli.terminal.input.readAll() : await readKey(path)
  const key = text.trim()
  if (key === '') throw usage(`there is no key in ${path}`, { command: 'model add' })
  return key
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw usage(`${path} cannot be read: ${reason}`, { command: 'model add' })
  }
}

function tellAdded(document: ModelProviderDocument, cli: Cli): void {
  const { name, status, source, models, problem } = document.provider
  if (status !== 'ready') cli.exitCode = EXIT.failed
  if (cli.flags.json) return cli.document(document)
  const [first] = models
  const what = first === undefined ? 'no models' : `${plural(models.length, 'model')}: ${first.ref}`
  cli.print(`${oneLine(name)} is ${status}   ${what}${models.length > 1 ? ', …' : ''}   ${source}`)
  if (problem !== undefined) cli.note(`${oneLine(problem.message)}: ${problem.hint ?? ''}`)
  else if (first !== undefined) cli.note(`next: lumos model test ${first.ref}`)
}

function defineTest(command: LumosCommand, cli: Cli): void {
  command
    .command('test')
    .description('ask a model something: how soon it answers, or what is wrong')
    .argument('[model]', 'as lumos model ls shows it, provider/model; default: the one with a star')
    .example('lumos model test', 'costs a few tokens')
    .example('lumos model test ollama/llama3.3 --timeout 5m', 'a large one that has to be loaded')
    .example('lumos model test ollama/llama3.2 --json | jq .firstTokenMs', 'for a script')
    .action(async (model: string | undefined) => {
      const result = await ask(model, cli)
      if (!result.works) cli.exitCode = EXIT.failed
      if (cli.flags.json) return cli.document(result)
      tellTest(result, cli)
    })
}

async function ask(model: string | undefined, cli: Cli): Promise<ModelTest> {
  const progress = createProgress(cli)
  progress.show(
    `asking ${oneLine(model ?? 'the default model')}, which may have to be loaded first`
  )
  try {
    return await cli.client().models.test(model, cli.call())
  } finally {
    progress.clear()
  }
}

function tellTest({ model, works, firstTokenMs, tookMs, text, error }: ModelTest, cli: Cli): void {
  const style = cli.out()
  if (!works) {
    cli.print(`${style.bad('✗')} ${model}   ${oneLine(error?.message ?? '')}`)
    if (error?.hint !== undefined) cli.note(`next: ${error.hint}`)
    return
  }
  const first = firstTokenMs === undefined ? 'no text' : `first token ${duration(firstTokenMs)}`
  const said = oneLine((text ?? '').trim())
  cli.print(`${style.good('✓')} ${model}   ${first}   whole answer ${duration(tookMs)}   "${said}"`)
}

function defineDefault(command: LumosCommand, cli: Cli): void {
  command
    .command('default')
    .description('which model is asked when nothing is said')
    .argument('[models...]', 'of several, each stands in for those before it; none: show it')
    .option('--auto', 'the first that there is, as without this command')
    .example('lumos model default openai/gpt-5', 'from now on')
    .example('lumos model default ollama openai', 'OpenAI when Ollama fails')
    .action(async (models: string[], { auto }: { readonly auto?: boolean }) => {
      const { models: calls } = cli.client()
      const document =
        models.length > 0 || auto === true
          ? await calls.setDefault(models, cli.call())
          : { v: 1, default: (await calls.list(cli.call())).default }
      if (cli.flags.json) return cli.document(document)
      if (document.default.length === 0) cli.note('there is no model')
      for (const ref of document.default) cli.print(ref)
    })
}

function defineRemove(command: LumosCommand, cli: Cli): void {
  command
    .command('rm')
    .description('forget a provider that was added, and its key')
    .argument('<provider>', 'as lumos model ls shows it')
    .example('lumos model rm deepseek', 'its key is deleted')
    .action(async (name: string) => {
      const list = await cli.client().models.remove(name, cli.call())
      if (cli.flags.json) return cli.document(list)
      cli.print(`${oneLine(name)} is forgotten`)
    })
}
