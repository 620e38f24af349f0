/** Makes `dist/`: what the npm package ships, compiled from the same sources that run in a checkout, and the dashboard. */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit'
})

// What only the dashboard's build needs is no dependency of the checkout.
if (!existsSync('web/node_modules/vite')) {
  execFileSync('npm', ['ci', '--prefix', 'web', '--no-audit', '--no-fund'], { stdio: 'inherit' })
}
const bundler = createRequire(new URL('../web/package.json', import.meta.url)).resolve('vite')
const { build } = await import(pathToFileURL(bundler).href)
await build({ configFile: 'web/vite.config.ts' })
