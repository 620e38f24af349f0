/** The process around the interpreter: what breaks out of it, or makes it hang, ends here. */
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core'
import { systemClock } from '../../../../core/clock.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { serveJobs } from '../../../confined/serve-jobs.ts'
import { runScript } from './sandbox.ts'
import type { Script } from './script.ts'

serveJobs<Script>({
  timeMs: LIMITS.scriptTime.value,
  async prepare(script) {
    // A new one for each script, which takes some 20 ms: one that ran out of memory is not to be trusted.
    const quickjs = await newQuickJSWASMModuleFromVariant(
      import('@jitl/quickjs-wasmfile-release-sync')
    )
    return () => runScript({ quickjs, clock: systemClock }, script)
  }
})
