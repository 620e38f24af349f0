/** The tools that every node has, and those that it has when it was given what they need. */
import type { Clock } from '../../../core/clock.ts'
import type { SendWebRequest } from '../../../core/web-request.ts'
import { createCalculator } from '../../calc/calculator.ts'
import type { Tool } from '../tool.ts'
import { createCalcTool } from './calc-tool.ts'
import { createClockTool } from './clock-tool.ts'
import { createDataTools } from './data/data-tools.ts'
import { createTransformer } from './data/transformer.ts'
import { createDelegateTools } from './delegate-tools.ts'
import type { FindAgents } from './delegate-tools.ts'
import { createFileTools } from './file-tools.ts'
import type { FileToolsInit } from './file-tools.ts'
import { createJavaScript } from './javascript/javascript-tool.ts'
import { createMemoryTools } from './memory-tools.ts'
import { createShellTool } from './shell/shell-tool.ts'
import type { ShellInit } from './shell/shell-tool.ts'
import { createWebClient } from './web/web-client.ts'
import { createWebTools } from './web/web-tools.ts'
import type { WebToolsInit } from './web/web-tools.ts'

export interface BuiltinToolsComponents {
  readonly clock: Clock
  /** Connects only to where strangers may send this node. */
  readonly send: SendWebRequest
  readonly find: FindAgents
}

export interface BuiltinToolsInit {
  readonly http: WebToolsInit
  readonly files: FileToolsInit
  readonly shell: ShellInit
  /** Whether this node keeps the shared memory. */
  readonly memory: boolean
}

export interface BuiltinTools {
  readonly tools: readonly Tool[]
  /** Ends the processes that some of them keep while they are used. */
  readonly stop: () => Promise<void>
}

/** Nothing is loaded and no process started before the first call that needs it. */
export function createBuiltinTools(
  { clock, send, find }: BuiltinToolsComponents,
  { http, files, shell, memory }: BuiltinToolsInit
): BuiltinTools {
  const calculator = createCalculator({ clock })
  const transformer = createTransformer({ clock })
  const javascript = createJavaScript({ clock })
  const fetch = createWebClient({ clock, send })
  const shellTool = createShellTool({ clock }, shell)
  return {
    tools: [
      ...createDelegateTools({ find }),
      ...createWebTools({ fetch, transform: transformer.transform }, http),
      ...createFileTools(files),
      ...createDataTools(transformer),
      ...(shellTool === undefined ? [] : [shellTool]),
      javascript.tool,
      ...(memory ? createMemoryTools() : []),
      createCalcTool(calculator),
      createClockTool({ clock })
    ],
    async stop() {
      await Promise.all([calculator.stop(), transformer.stop(), javascript.stop()])
    }
  }
}
