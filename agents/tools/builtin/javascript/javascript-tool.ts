/** The tool that runs JavaScript which a model wrote: to calculate and to transform, and for nothing else. */
import { z } from 'zod'
import type { Clock } from '../../../../core/clock.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { startConfinedProcess } from '../../../confined/confined-process.ts'
import { createConfinedWorker, JobFailed } from '../../../confined/confined-worker.ts'
import { inputFlaw, tool } from '../../define-tool.ts'
import type { Tool } from '../../tool.ts'
import type { Script, ScriptOutcome } from './script.ts'

/** The interpreter ends a script that is late; whoever keeps it from doing so is killed after this. */
const KILL_GRACE_MS = 1000

const input = z.strictObject({
  code: z
    .string()
    .min(1)
    .describe('Body of an async function with the parameter `input`; must `return` its result.'),
  input: z.unknown().optional().describe('JSON that the code finds as `input`.'),
  timeoutMs: z.int().min(1).max(LIMITS.scriptTime.value).default(LIMITS.scriptTime.value)
})

export interface JavaScript {
  readonly tool: Tool
  /** Resolves when no process is left. */
  stop(): Promise<void>
}

export function createJavaScript({ clock }: { readonly clock: Clock }): JavaScript {
  const worker = createConfinedWorker<Script, ScriptOutcome>(
    {
      clock,
      start: () =>
        startConfinedProcess({
          script: new URL('./javascript-child', import.meta.url),
          packages: ['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync'],
          heap: LIMITS.scriptHeap.value
        })
    },
    {
      startMs: LIMITS.confinedStart.value,
      timeMs: LIMITS.scriptTime.value + KILL_GRACE_MS,
      idleMs: LIMITS.confinedIdle.value,
      queue: LIMITS.confinedQueue.value
    }
  )

  async function run(script: Script, signal: AbortSignal): Promise<ScriptOutcome> {
    const limit = LIMITS.scriptInput.value
    const length = script.code.length + script.input.length
    if (length > limit) {
      throw inputFlaw(`code and input have ${length} characters, at most ${limit}`)
    }
    try {
      return await worker.perform(script, signal)
    } catch (error) {
      throw error instanceof JobFailed ? inputFlaw(error.message) : error
    }
  }

  return {
    tool: tool({
      id: 'javascript',
      description:
        'Runs JavaScript (ES2023) in a sandbox without network, files, modules or timers, and ' +
        'returns what it returns and what it logs. For calculations and transformations.',
      inputSchema: input,
      async execute({ code, input: given = null, timeoutMs }, { signal }) {
        const script = { code, input: JSON.stringify(given), timeMs: timeoutMs }
        const outcome = await run(script, signal)
        if (outcome.type === 'returned') return { result: outcome.value, console: outcome.console }
        const logged =
          outcome.console.length === 0 ? '' : `; it logged: ${outcome.console.join('\n')}`
        throw inputFlaw(outcome.reason + logged)
      }
    }),
    stop: () => worker.stop()
  }
}
