/** A real terminal for a test: tmux, with a server of its own that no other one shares. */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Tmux {
  /** Keys by their names in tmux: `Enter`, `Tab`, `C-c`, or letters. */
  press(...keys: readonly string[]): Promise<void>
  type(text: string): Promise<void>
  /** What is seen, a line each, without blanks at the ends. */
  lines(): Promise<string[]>
  resize(columns: number, rows: number): Promise<void>
  /** What the terminal was told: `cursor_flag`, `alternate_on` … */
  ask(name: string): Promise<string>
  close(): Promise<void>
}

export function hasTmux(): boolean {
  return spawnSync('tmux', ['-V']).status === 0
}

/** A shell in a terminal of 80 × 24. `folder` must be the test's own: the socket of the server is in it. */
export async function createTmux(folder: string, env: NodeJS.ProcessEnv): Promise<Tmux> {
  const socket = join(folder, 'tmux')
  async function tmux(...argv: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...argv], {
      env: { ...env, TERM: 'xterm-256color', LANG: 'C.UTF-8', PS1: '$ ' }
    })
    return stdout
  }
  await tmux('new-session', '-d', '-x', '80', '-y', '24', 'bash --norc --noprofile')
  return {
    async press(...keys) {
      await tmux('send-keys', ...keys)
    },
    async type(text) {
      await tmux('send-keys', '-l', text)
    },
    async lines() {
      const text = await tmux('capture-pane', '-p')
      return text.split('\n').map((line) => line.trimEnd())
    },
    async resize(columns, rows) {
      await tmux('resize-window', '-x', String(columns), '-y', String(rows))
    },
    async ask(name) {
      return (await tmux('display-message', '-p', `#{${name}}`)).trim()
    },
    async close() {
      await tmux('kill-server').catch(() => undefined)
    }
  }
}
