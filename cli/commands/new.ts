/** `lumos new`: from nothing to an agent that runs, without network. */
import { relative, resolve } from 'node:path'
import { suggest } from '../../core/suggest.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProject, TEMPLATES, type Project, type TemplateName } from '../templates.ts'
import { oneLine } from '../width.ts'
import { packageVersion } from './version.ts'

interface NewFlags {
  readonly template: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('<dir>', 'folder to make; one that is there must be empty')
    .option('-t, --template <name>', TEMPLATES.join(', '), 'agent')
    .example('lumos new hello', 'an agent in TypeScript, with a test')
    .example('lumos new team --template swarm', 'agents that delegate to each other')
    .example('lumos new words --template tool', 'a tool with a schema, for the whole swarm')
    .action(async (dir: string, { template }: NewFlags) => {
      const project = await createProject({
        packageRoot: cli.host.packageRoot,
        directory: resolve(dir),
        template: templateFlag(template),
        version: await packageVersion(cli.host)
      })
      if (cli.flags.json) return cli.document({ v: 1, template, ...project })
      report(project, cli)
    })
}

function templateFlag(text: string): TemplateName {
  const found = TEMPLATES.find((name) => name === text)
  if (found !== undefined) return found
  const near = suggest(text, TEMPLATES)
  throw usage(`"${text}" is no template`, {
    suggestion: near === undefined ? `one of ${TEMPLATES.join(', ')}` : `did you mean ${near}?`
  })
}

function report(
  { name, directory, files, main, run, next, linked, needsInstall }: Project,
  cli: Cli
) {
  const style = cli.out()
  const where = relative(process.cwd(), directory) || '.'
  cli.print(`${style.good('✓')} ${style.strong(name)} is made in ${oneLine(where)}`)
  for (const file of files) {
    cli.print(`  ${file === main ? style.accent(file) : style.faint(file)}`)
  }
  if (linked) cli.note('lumos-mesh is that of this checkout: nothing to install for it')
  const { accent } = cli.err()
  const enter = where === '.' ? [] : [`cd ${shellWord(where)}`]
  const install = linked && !needsInstall ? [] : ['npm install']
  cli.note(
    `next: ${accent([...enter, ...install, run.replace(/^lumos/, cli.command)].join(' && '))}`
  )
  cli.note(`then: ${accent(next.replace(/^lumos/, cli.command))}`)
}

function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
