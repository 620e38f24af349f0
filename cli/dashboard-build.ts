/** Builds the dashboard of a checkout when it is first wanted; a package brings it built. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { LumosError } from '../core/errors.ts'
import type { Cli } from './cli.ts'

/** What of the bundler is used. */
interface Bundler {
  build(options: { readonly configFile: string; readonly logLevel: 'silent' }): Promise<unknown>
}

/** @throws DASHBOARD_UNAVAILABLE */
export async function buildDashboard(cli: Cli): Promise<void> {
  const { packageRoot } = cli.host
  const configFile = join(packageRoot, 'web', 'vite.config.ts')
  if (existsSync(join(packageRoot, 'dist', 'web', 'index.html'))) return
  if (!existsSync(configFile)) {
    throw unavailable('this package came without it', 'npm install lumos-mesh')
  }
  cli.note('building the dashboard, which this checkout needs once')
  try {
    await fetchBundler(packageRoot)
    const bundler = await bundlerFor(configFile)
    await bundler.build({ configFile, logLevel: 'silent' })
  } catch (cause) {
    throw unavailable(
      'it is not built, and could not be',
      'npm ci --prefix web, then: lumos dashboard',
      cause
    )
  }
}

/** What only the dashboard's build needs is no dependency of the checkout. */
async function fetchBundler(packageRoot: string): Promise<void> {
  if (existsSync(join(packageRoot, 'web', 'node_modules'))) return
  const flags = ['--prefix', 'web', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', ['ci', ...flags], { cwd: packageRoot })
}

async function bundlerFor(configFile: string): Promise<Bundler> {
  const entry = createRequire(configFile).resolve('vite')
  const bundler: Bundler = await import(pathToFileURL(entry).href)
  return bundler
}

function unavailable(reason: string, fix: string, cause?: unknown): LumosError {
  return new LumosError('DASHBOARD_UNAVAILABLE', { cause, details: { reason, fix } })
}
