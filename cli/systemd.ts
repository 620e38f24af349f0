/** What systemd of this user is told and asked, through its own programs. */
import { execFile, spawn } from 'node:child_process'
import { LumosError } from '../core/errors.ts'
import type { Environment } from '../core/paths.ts'
import { oneLine } from './width.ts'

/** `enable --now` waits until the node says that it is ready. */
const ANSWER_TIMEOUT_MS = 120_000

export interface Systemd {
  /** @throws SERVICE_UNAVAILABLE when there is none for this user, with what it says */
  available(): Promise<void>
  /** What `systemctl --user` writes. @throws SERVICE_FAILED */
  control(...words: readonly string[]): Promise<string>
  /** Properties of a unit; empty texts for one that there is not. */
  show(unit: string): Promise<UnitState>
  /** Whether this user's services go on when nobody of that name is logged in; `undefined` when nobody says. */
  lingers(): Promise<boolean | undefined>
  /** Its journal, straight to this terminal; resolves with the exit code. */
  journal(unit: string, words: readonly string[]): Promise<number>
}

export interface UnitState {
  /** `active`, `failed`, `inactive`, … */
  readonly active: string
  /** `running`, `auto-restart`, … */
  readonly sub: string
  /** `enabled`: begins with the session, or with the machine where the user lingers. */
  readonly file: string
  /** 0 while no process runs. */
  readonly pid: number
  readonly restarts: number
  /** How the last run ended: `success`, `exit-code`, `timeout`, … */
  readonly result: string
}

export function createSystemd(env: Environment): Systemd {
  async function control(...words: readonly string[]): Promise<string> {
    const { code, out, err } = await run('systemctl', ['--user', ...words], env)
    if (code === 0) return out
    throw new LumosError('SERVICE_FAILED', {
      details: { unit: words.at(-1) ?? '', reason: reasonOf(err, code) }
    })
  }
  return {
    control,
    async available() {
      const { code, err } = await run('systemctl', ['--user', 'show-environment'], env)
      if (code === 0) return
      throw new LumosError('SERVICE_UNAVAILABLE', { details: { reason: reasonOf(err, code) } })
    },
    async show(unit) {
      const names = ['ActiveState', 'SubState', 'UnitFileState', 'MainPID', 'NRestarts', 'Result']
      const text = await control('show', `--property=${names.join(',')}`, unit)
      const facts = new Map(text.split('\n').map((line) => splitOnce(line)))
      return {
        active: facts.get('ActiveState') ?? '',
        sub: facts.get('SubState') ?? '',
        file: facts.get('UnitFileState') ?? '',
        pid: Number(facts.get('MainPID') ?? 0),
        restarts: Number(facts.get('NRestarts') ?? 0),
        result: facts.get('Result') ?? ''
      }
    },
    async lingers() {
      const { code, out } = await run(
        'loginctl',
        ['show-user', '--property=Linger', ...self()],
        env
      )
      return code === 0 ? out.trim() === 'Linger=yes' : undefined
    },
    journal: (unit, words) =>
      new Promise((resolve) => {
        const child = spawn('journalctl', ['--user', '--unit', unit, ...words], {
          env,
          stdio: 'inherit'
        })
        child.once('error', () => resolve(1))
        child.once('exit', (code) => resolve(code ?? 1))
      })
  }
}

interface Ran {
  /** `undefined` for a program that is not there. */
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

function run(program: string, words: readonly string[], env: Environment): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env, timeout: ANSWER_TIMEOUT_MS }
    execFile(program, words, options, (error, out, err) => {
      if (error === null) return resolve({ code: 0, out, err })
      const code = typeof error.code === 'number' ? error.code : undefined
      resolve({ code, out, err: err === '' ? error.message : err })
    })
  })
}

function self(): string[] {
  const uid = process.getuid?.()
  return uid === undefined ? [] : [String(uid)]
}

function reasonOf(err: string, code: number | undefined): string {
  const [line = ''] = err.trim().split('\n')
  return line === '' ? `exit code ${code ?? 'unknown'}` : oneLine(line)
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf('=')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
