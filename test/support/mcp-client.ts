/** MCP servers as a node keeps them, in tests: what they say to the log is kept, too. */
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { createMcpOpener } from '../../agents/mcp/open-link.ts'
import { createSupervisedServer } from '../../agents/mcp/supervised-server.ts'
import type { McpState, SupervisedServer } from '../../agents/mcp/supervised-server.ts'
import { systemClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import type { LogFields, Logger } from '../../core/logger.ts'
import type { McpServerInit } from '../../core/mcp-server.ts'
import { seededRandom } from './random.ts'

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields | undefined
}

export function recordingLogger(): { readonly logger: Logger; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const say =
    (level: LoggedLine['level']) =>
    (message: string, fields?: LogFields): void =>
      void lines.push({ level, message, fields })
  const logger: Logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger
  }
  return { logger, lines }
}

/** The server of mcp-stdio-server.ts that behaves as `manner` says. */
export function testProgram(manner = 'good', more: object = {}): McpServerInit {
  const script = fileURLToPath(new URL('mcp-stdio-server.ts', import.meta.url))
  return { command: process.execPath, args: [script, manner], ...more }
}

export function superviseProgram(
  init: McpServerInit,
  {
    clock = systemClock,
    environment = process.env
  }: { clock?: Clock; environment?: NodeJS.ProcessEnv } = {}
) {
  const { logger, lines } = recordingLogger()
  const components = { clock, logger }
  const open = createMcpOpener(components, { server: init, environment, version: '0.0.0' })
  const server = createSupervisedServer(
    { ...components, random: seededRandom(1), open },
    { name: 'test', isProcess: !('url' in init) }
  )
  onTestFinished(() => server.stop())
  return { server, lines }
}

/** Resolves when the server is, or was, in that state. */
export function reached(server: SupervisedServer, state: McpState): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (server.status().state !== state) return
      server.events.off('changed', look)
      resolve()
    }
    server.events.on('changed', look)
    look()
  })
}
