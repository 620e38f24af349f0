/** `lumos metrics`: what the node counts, as Prometheus reads it. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('[pattern]', 'only metrics with this in their name; `*` stands for anything')
    .example('lumos metrics', 'all of them, as a scraper gets them')
    .example('lumos metrics tasks', 'those about tasks')
    .example("lumos metrics 'lumos_http_*_total'", 'by pattern')
    .action(async (pattern: string | undefined) => {
      const text = await cli.client().metrics(cli.call())
      const metrics = metricsIn(text).filter(({ name }) => fits(name, pattern))
      if (cli.flags.json) return cli.document({ v: 1, metrics: metrics.map(asDocument) })
      if (metrics.length === 0) return cli.note(`no metric has "${pattern}" in its name`)
      for (const { lines } of metrics) cli.terminal.out.write(`${lines.join('\n')}\n`)
    })
}

interface Metric {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly lines: readonly string[]
}

/** The text has each metric in one piece, behind its HELP and TYPE. */
function metricsIn(text: string): Metric[] {
  const pieces = text.split(/^(?=# HELP )/m).filter((piece) => piece.startsWith('# HELP '))
  return pieces.map((piece) => {
    const lines = piece.trimEnd().split('\n')
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/.exec(lines[0] ?? '') ?? []
    const [, type = ''] = /^# TYPE \S+ (\S+)$/.exec(lines[1] ?? '') ?? []
    return { name, type, help, lines }
  })
}

function fits(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true
  if (!pattern.includes('*')) return name.includes(pattern)
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^a-zA-Z0-9_:]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}

/** As they stand in the text, one string a sample: labels are for whoever reads on. */
function asDocument({ name, type, help, lines }: Metric) {
  return { name, type, help, samples: lines.slice(2) }
}
