/** How one MCP server is shown: what it is, what it offers, and what is wrong with it. */
import type { McpServerDetails, McpServerState, McpToolView } from '../client/mcp-api.ts'
import { plural } from './format.ts'
import type { Style } from './style.ts'
import { oneLine, padEnd } from './width.ts'

export function renderServer(server: McpServerDetails, style: Style): string[] {
  const { offers, changed } = server
  const said = server.server
  const rows: [string, string][] = [
    ['target', server.target],
    ...(said ? [['server', `${said.name} ${said.version} (MCP ${said.protocol})`] as const] : []),
    ...(server.reason === undefined ? [] : [['reason', server.reason] as const]),
    ['since', `${server.since}, ${plural(server.restarts, 'restart')}`],
    ...(server.agent ? [['agent', `lumos run ${server.name} TOOL INPUT, anywhere`] as const] : [])
  ].map(([label = '', text = '']) => [label, text])
  return [
    `${style.strong(server.name)}   ${paintState(server.state, server.state, style)}`,
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`),
    ...offers.tools.map((tool) => toolLine(tool, style)),
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

function toolLine({ id, name, description, effects, changed }: McpToolView, style: Style): string {
  const label = style.faint(padEnd('tool', 9))
  const what = changed
    ? style.doubtful('held back: it is not what was approved')
    : style.faint(effects.join(', '))
  return `  ${label} ${style.strong(oneLine(id || name))}  ${oneLine(description)}  ${what}`
}

export function paintState(text: string, state: McpServerState, style: Style): string {
  if (state === 'ready') return style.good(text)
  return state === 'quarantined' ? style.bad(text) : style.doubtful(text)
}
