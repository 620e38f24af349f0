/** Opens an address in the browser of whoever sits here. */
import { spawn } from 'node:child_process'
import type { Environment } from '../core/paths.ts'

const OPENERS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'open',
  linux: 'xdg-open',
  freebsd: 'xdg-open'
}

/** False where there is none; `BROWSER` names another. The address is an argument, never a line of a shell. */
export function openBrowser(url: string, env: Environment): Promise<boolean> {
  const command = env['BROWSER'] ?? openerFor(env)
  if (command === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    const child = spawn(command, [url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

/** On Linux only with a screen: without one, a browser of text would take the terminal. */
function openerFor(env: Environment): string | undefined {
  const hasScreen = env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined
  if (process.platform === 'linux' && !hasScreen) return undefined
  return OPENERS[process.platform]
}
