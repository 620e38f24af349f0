/** Asks real shells what they would complete, with a `lumos` in front of the PATH that knows a few names. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestCli } from './cli.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export function hasShell(shell: Shell): boolean {
  return spawnSync(shell, ['-c', ':']).status === 0
}

const LUMOS = `#!/bin/sh
case "$1 $2" in
'__complete peers') echo amber-otter; echo bold-heron ;;
'__complete agents') echo echo; echo echo.say ;;
'__complete tasks') echo 7f3a9c1e ;;
'__complete words') echo USAGE ;;
'__complete components') echo discovery ;;
'__complete spaces') echo team ;;
*) exit 1 ;;
esac
`

const BASH = `
source "$1"
read -ra COMP_WORDS <<< "$2"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_lumos
printf '%s\\n' "\${COMPREPLY[@]}"
`

const FISH = `
source $argv[1]
complete -C $argv[2] | string replace -r '\\t.*' ''
`

/**
 * zsh completes in its line editor only: this types the line into one on a terminal of its own,
 * where `compadd` prints what matches between two NULs instead of showing it.
 */
const ZSH_INNER = `
PROMPT=''
autoload -Uz compinit
compinit -u -d "$SCRIPT.dump"
source "$SCRIPT"
mark() { print -rn -- $'\\0' }
leave() { print -rn -- $'\\0'; exit }
compprefuncs=(mark)
comppostfuncs=(leave)
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
compadd() {
  local -a hits
  case " \${@[1,(i)(-|--)]}" in
  *' -'[OAD]*) builtin compadd "$@" ;;
  *) builtin compadd -A hits "$@"; print -rl -- $hits; (($#hits)) ;;
  esac
}
`
const ZSH = `
zmodload zsh/zpty
export SCRIPT=$1 INNER=$2
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell 'source $INNER; print -r -- $((40 + 2))ready'
zpty -r -m shell seen '*42ready*'
zpty -w -n shell "$3"$'\\t'
zpty -r -m shell seen $'*\\0'
zpty -r -m shell seen $'*\\0'
print -r -- "\${seen%$'\\0'}"
`

/** What `shell` offers at the end of a line; in no order. */
export type Complete = (line: string) => readonly string[]

/** Loads the script that `lumos completion` writes for `shell`, in `folder`. */
export async function completing(shell: Shell, folder: string): Promise<Complete> {
  const cli = await createTestCli()
  const { out } = await cli.run(['completion', shell])
  const [script, inner, bin] = ['script', 'inner', 'bin'].map((name) => join(folder, name))
  if (script === undefined || inner === undefined || bin === undefined) throw new Error('no names')
  await mkdir(bin)
  await writeFile(join(bin, 'lumos'), LUMOS, { mode: 0o755 })
  await writeFile(script, out)
  await writeFile(inner, ZSH_INNER)
  const argvs: Readonly<Record<Shell, (line: string) => string[]>> = {
    bash: (line) => ['--norc', '-c', BASH, 'bash', script, line],
    zsh: (line) => ['-f', '-c', ZSH, 'zsh', script, inner, line],
    fish: (line) => ['-N', '-c', FISH, script, line]
  }
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder }
  return (line) => {
    const { stdout, stderr } = spawnSync(shell, argvs[shell](line), {
      env,
      cwd: folder,
      encoding: 'utf8',
      timeout: 10_000
    })
    if (stderr !== '') throw new Error(stderr)
    return stdout.split(/\s+/).filter(Boolean)
  }
}
