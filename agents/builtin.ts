/** The agents that every node can offer without a model. */
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Agent } from './agent.ts'
import { createCalcAgent } from './calc/calc-agent.ts'
import { createClockAgent } from './clock/clock-agent.ts'
import { createEchoAgent } from './echo.ts'
import { createFilesAgent } from './files/files-agent.ts'
import { createSummarizeAgent } from './summarize/summarize-agent.ts'
import { createSysinfoAgent } from './sysinfo.ts'

export interface BuiltinComponents {
  readonly clock: Clock
  readonly logger: Logger
}

export interface BuiltinInit {
  /** Ids of the wanted agents. */
  readonly enabled: readonly string[]
  /** Folders that `files` may read. */
  readonly files: { readonly roots: readonly string[] }
}

export function createBuiltinAgents({ clock }: BuiltinComponents, init: BuiltinInit): Agent[] {
  const factories: Readonly<Record<string, () => Agent>> = {
    echo: createEchoAgent,
    clock: () => createClockAgent({ clock }),
    calc: () => createCalcAgent({ clock }),
    files: () => createFilesAgent({ roots: init.files.roots }),
    summarize: () => createSummarizeAgent({ clock }),
    sysinfo: () => createSysinfoAgent()
  }
  return init.enabled.flatMap((id) => factories[id]?.() ?? [])
}
