/** The dashboard as it is now, built where nodes serve it from. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Takes a second. */
export async function buildDashboard(): Promise<void> {
  const config = join(ROOT, 'web/vite.config.ts')
  const vite = dirname(createRequire(config).resolve('vite/package.json'))
  await run(process.execPath, [join(vite, 'bin/vite.js'), 'build', '--config', config, 'web'], {
    cwd: ROOT
  })
}
