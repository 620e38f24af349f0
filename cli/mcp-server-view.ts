/** How one MCP server is shown: what it is, what it offers, and what is wrong with it. */
import type { McpServerDetails, McpServerState, McpToolView } from '../client/mcp-api.ts'
import { plural } from './format.ts'
import type { Style } from './style.ts'
import { displayWidth, oneLine, padEnd } from './width.ts'

export function renderServer(server: McpServerDetails, style: Style): string[] {
  const { offers, changed } = server
  const said = server.server
  const rows: [string, string][] = [
    ['target', server.target],
    ...(said ? [['server', `${said.name} ${said.version} (MCP ${said.protocol})`] as const] : []),
    ...(server.reason === undefined
      ? []
      : [
          ['reason', server.reason] as const,
          // What it said before it ended says more than its code.
          ['more', `lumos logs --component mcp:${server.name}`] as const
        ]),
    ['since', `${server.since}, ${plural(server.restarts, 'restart')}`],
    ...(server.agent ? [['agent', `lumos run ${server.name} TOOL INPUT, anywhere`] as const] : [])
  ].map(([label = '', text = '']) => [label, text])
  return [
    `${style.strong(server.name)}   ${paintState(server.state, server.state, style)}`,
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`),
    ...toolLines(offers.tools, style),
    ...offers.resources.map(({ uri, description }) => itemLine('resource', uri, description)),
    ...offers.templates.map(({ uriTemplate, description }) =>
      itemLine('resources', uriTemplate, description)
    ),
    ...offers.prompts.map((prompt) =>
      itemLine(
        'prompt',
        [prompt.name, ...prompt.arguments.map(({ name }) => `${name}=…`)].join(' '),
        prompt.description
      )
    ),
    ...(changed === 0
      ? []
      : [style.doubtful(`read what has changed, then: lumos mcp approve ${server.name}`)])
  ]

  function itemLine(kind: string, name: string, description: string): string {
    return `  ${style.faint(padEnd(kind, 9))} ${style.strong(oneLine(name))}  ${oneLine(description)}`
  }
}

/** Of a description the first sentence: servers write pages for models, which `lumos tools show` shows. */
function toolLines(tools: readonly McpToolView[], style: Style): string[] {
  const names = tools.map(({ id, name }) => oneLine(id || name))
  const effects = tools.map((tool) => tool.effects.join(', '))
  const [nameWidth, effectsWidth] = [names, effects].map((texts) =>
    Math.max(0, ...texts.map(displayWidth))
  )
  return tools.map(({ description, changed }, at) => {
    const label = style.faint(padEnd('tool', 9))
    const name = style.strong(padEnd(names[at] ?? '', nameWidth ?? 0))
    const can = style.faint(padEnd(effects[at] ?? '', effectsWidth ?? 0))
    const what = changed
      ? style.doubtful('held back: it is not what was approved')
      : oneLine(firstSentence(description))
    return `  ${label} ${name}  ${can}  ${what}`.trimEnd()
  })
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text
}

export function paintState(text: string, state: McpServerState, style: Style): string {
  if (state === 'ready') return style.good(text)
  return state === 'quarantined' ? style.bad(text) : style.doubtful(text)
}
