/** The tool that runs programs of this machine: those that its owner named, and without any shell. */
import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../../../core/clock.ts'
import { LumosError } from '../../../../core/errors.ts'
import type { JsonObject } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { resolveInside } from '../../../files/resolve-inside.ts'
import { candidates, nameRoots } from '../../../files/roots.ts'
import { parseSharePath } from '../../../files/share-path.ts'
import { inputFlaw, tool } from '../../define-tool.ts'
import type { Tool } from '../../tool.ts'
import { findProgram, PROGRAM_FOLDERS } from './find-program.ts'
import { runCommand } from './process-group.ts'
import type { CommandOutcome, Output } from './process-group.ts'

export interface ShellInit {
  /** Names (`git`) or absolute paths. What one of them can start, it may. */
  readonly programs: readonly string[]
  /** Folders to work in; at least one. */
  readonly roots: readonly string[]
  /** Milliseconds one command may take. */
  readonly timeMs: number
  /** Variables that programs are given besides those that they cannot do without. */
  readonly environment: Readonly<Record<string, string>>
}

const input = z.strictObject({
  argv: z
    .array(z.string())
    .min(1)
    .max(LIMITS.shellArguments.value)
    .describe('Program and arguments, one each: ["git", "log", "-1"]. No shell reads them.'),
  directory: z.string().max(4096).default('').describe('Below the folder to work in.'),
  stdin: z.string().optional()
})

/** Behind the time limit of the command, which tells more than that of the tool. */
const GRACE_MS = 2000

/** `undefined` when nothing is allowed, or there is no folder to work in. */
export function createShellTool(
  { clock }: { readonly clock: Pick<Clock, 'sleep' | 'timeout'> },
  init: ShellInit
): Tool | undefined {
  const { programs, roots, timeMs } = init
  if (programs.length === 0 || roots.length === 0) return undefined
  const byName = new Map(programs.map((program) => [basename(program), program]))
  return tool({
    id: 'shell',
    description:
      `Runs a program of this machine: ${[...byName.keys()].join(', ')}. ` +
      'No shell: no pipes, no variables, no wildcards.',
    effects: ['read-private', 'network', 'write', 'execute'],
    untrusted: true,
    timeoutMs: timeMs + GRACE_MS,
    inputSchema: input,
    async execute({ argv, directory, stdin = '' }, { signal }) {
      const [name = '', ...args] = argv
      checkSize(argv, stdin)
      const allowed = byName.get(name)
      if (allowed === undefined) {
        throw inputFlaw(`only these programs may be run: ${[...byName.keys()].join(', ')}`)
      }
      const program = await findProgram(allowed)
      if (program === undefined) throw failed(`${name} is not installed`)
      const place = await directoryOf(roots, directory)
      const command = {
        program,
        args,
        directory: place,
        environment: environmentOf(init, place),
        input: stdin,
        most: LIMITS.shellOutput.value
      }
      const late = clock.timeout(timeMs)
      try {
        return show(await runCommand(clock, command, AbortSignal.any([signal, late])))
      } catch (cause) {
        signal.throwIfAborted()
        if (late.aborted) throw failed(`it takes longer than ${timeMs / 1000} s`, cause)
        throw failed(`${name} cannot be run${codeOf(cause)}`, cause)
      }
    }
  })
}

/** An argument ends at a NUL: what is behind would be lost in silence. */
function checkSize(argv: readonly string[], stdin: string): void {
  if (argv.some((argument) => argument.includes('\0'))) throw inputFlaw('an argument has a NUL')
  const bytes = Buffer.byteLength(argv.join('')) + Buffer.byteLength(stdin)
  const limit = LIMITS.shellInput.value
  if (bytes > limit) throw inputFlaw(`arguments and input have ${bytes} bytes, at most ${limit}`)
}

async function directoryOf(roots: readonly string[], path: string): Promise<string> {
  const names = parseSharePath(path)
  if (names === undefined) throw new LumosError('PATH_DENIED')
  for (const { root, names: below } of candidates(nameRoots(roots), names)) {
    const real = await realpath(root).catch(() => undefined)
    if (real === undefined) continue
    const found = await resolveInside(real, below)
    if (found.kind === 'outside') throw new LumosError('PATH_DENIED')
    if (found.kind === 'found') return found.path
  }
  throw inputFlaw(`no folder is called "${path}"`)
}

/** Nothing of this process, whose variables hold keys; no home, whose files would do the same. */
function environmentOf({ environment }: ShellInit, directory: string): Record<string, string> {
  return {
    PATH: PROGRAM_FOLDERS.join(':'),
    HOME: directory,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    ...environment
  }
}

function show({ code, signal, stdout, stderr }: CommandOutcome): JsonObject {
  return {
    code,
    ...(signal !== null && { signal }),
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    ...((stdout.truncated || stderr.truncated) && { truncated: true })
  }
}

function textOf({ bytes }: Output): string {
  return Buffer.from(bytes).toString('utf8')
}

function failed(reason: string, cause?: unknown): LumosError {
  return new LumosError('TOOL_FAILED', { cause, details: { tool: 'shell', reason } })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
}
