/** Completion scripts: commands and flags are in the script, names of peers and agents are asked for. */

export interface Flag {
  /** With its dashes, as `short`. */
  readonly long: string
  readonly short?: string
  readonly takesValue: boolean
}

interface Node {
  readonly name: string
  readonly summary: string
  readonly flags: readonly Flag[]
}

export interface Completion {
  /** Flags of every command. */
  readonly flags: readonly Flag[]
  readonly commands: readonly (Node & { readonly subcommands: readonly Node[] })[]
}

/** The first argument of these commands is a name that only the daemon knows. */
const ASKED: readonly (readonly [path: string, kind: string])[] = [
  ['run', 'agents'],
  ['find', 'agents'],
  ['agents show', 'agents'],
  ['peers connect', 'peers'],
  ['peers disconnect', 'peers'],
  ['peers ping', 'peers'],
  ['peers show', 'peers'],
  ['peers block', 'peers'],
  ['peers unblock', 'peers'],
  ['tasks show', 'tasks'],
  ['tasks cancel', 'tasks'],
  ['tasks watch', 'tasks'],
  ['tasks logs', 'tasks'],
  ['tasks answer', 'tasks'],
  ['tasks retry', 'tasks'],
  ['tasks rm', 'tasks'],
  ['tools show', 'tools'],
  ['tools call', 'tools'],
  ['tools allow', 'tools'],
  ['tools deny', 'tools'],
  ['tools reset', 'tools'],
  ['tools enable', 'tools'],
  ['tools disable', 'tools'],
  ['memory get', 'keys'],
  ['memory put', 'keys'],
  ['memory rm', 'keys'],
  ['memory history', 'keys'],
  ['spaces show', 'spaces'],
  ['spaces grant', 'spaces'],
  ['spaces revoke', 'spaces'],
  ['explain', 'codes']
]
const ASKED_FLAGS: readonly (readonly [flag: string, kind: string])[] = [
  ['--to', 'peers'],
  ['--node', 'peers'],
  ['--peer', 'peers'],
  ['--space', 'spaces']
]

/** A command or a subcommand, and what may follow it. */
interface Place extends Node {
  /** `peers ping` */
  readonly path: string
  /** Words of which one may come next. */
  readonly next: readonly { readonly name: string; readonly summary: string }[]
}

function placesOf({ commands }: Completion): Place[] {
  return commands.flatMap((command): Place[] => [
    {
      ...command,
      path: command.name,
      next: command.name === 'help' ? commands : command.subcommands
    },
    ...command.subcommands.map((each) => ({
      ...each,
      path: `${command.name} ${each.name}`,
      next: []
    }))
  ])
}

/** All flags after which a word is their value and no argument, as alternatives of a `case`. */
function valued(tree: Completion): string {
  const flags = [...tree.flags, ...placesOf(tree).flatMap((place) => place.flags)]
  const names = flags
    .filter(({ takesValue }) => takesValue)
    .flatMap(({ long, short }) => (short === undefined ? [long] : [short, long]))
  return Array.from(new Set(names)).join(' | ')
}

function namesOf(words: readonly { readonly name: string }[]): string {
  return words.map(({ name }) => name).join(' ')
}

function longs(flags: readonly Flag[]): string {
  return flags.map(({ long }) => long).join(' ')
}

/** Lines of a `case`; `words` are set off by quotes, since a path may hold a space. */
function cases(pairs: readonly (readonly [words: string, action: string])[]): string {
  return pairs.map(([words, action]) => `    '${words}') ${action} ;;`).join('\n')
}

/** Alternatives for the next word of a path, while there is no argument yet. */
function steps(tree: Completion): string {
  return placesOf(tree)
    .map(({ path }) => `'0:${path}'`)
    .join(' | ')
}

export function bashScript(tree: Completion): string {
  const words = placesOf(tree).map(({ path, next, flags }): [string, string] => [
    path,
    `words='${namesOf(next)}' flags='${longs(flags)}'`
  ])
  return `# bash completion for lumos: source <(lumos completion bash)
_lumos() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' arguments=0 words='' flags='' kind='' i word
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
    ${valued(tree)}) ((i++)) ;;
    -*) ;;
    *)
      case "$arguments:\${path:+$path }$word" in
      ${steps(tree)}) path="\${path:+$path }$word" ;;
      *) ((arguments++)) ;;
      esac
      ;;
    esac
  done
  case $path in
    '') words='${namesOf(tree.commands)}' ;;
${cases(words)}
  esac
  case "$arguments:$path" in
${cases(ASKED.map(([path, kind]) => [`0:${path}`, `kind=${kind}`]))}
  esac
  case $prev in
${cases(ASKED_FLAGS.map(([flag, kind]) => [flag, `words='' kind=${kind}`]))}
    ${valued(tree)}) words='' kind='' ;;
  esac
  if [[ $cur == -* ]]; then
    words="$flags ${longs(tree.flags)}"
  elif [[ -n $kind ]]; then
    words="$words $("\${COMP_WORDS[0]}" __complete $kind -q 2>/dev/null)"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lumos lumos
`
}

export function zshScript(tree: Completion): string {
  const described = tree.commands.map(({ name, summary }) => `    '${name}:${quote(summary)}'`)
  const next = placesOf(tree).map((place): [string, string] => [
    place.path,
    `next=(${namesOf(place.next)}) flags=(${longs(place.flags)})`
  ])
  return `#compdef lumos
# zsh completion for lumos: source <(lumos completion zsh), or as _lumos in a folder of $fpath
_lumos() {
  local -a given commands next flags names
  local path_='' arguments=0 kind='' only='' word i
  given=("\${words[@]}")
  commands=(
${described.join('\n')}
  )
  for ((i = 2; i < CURRENT; i++)); do
    word=\${given[i]}
    case $word in
    ${valued(tree)}) ((i++)) ;;
    -*) ;;
    *)
      case "$arguments:\${path_:+$path_ }$word" in
      ${steps(tree)}) path_="\${path_:+$path_ }$word" ;;
      *) ((arguments++)) ;;
      esac
      ;;
    esac
  done
  case $path_ in
${cases(next)}
  esac
  case "$arguments:$path_" in
${cases(ASKED.map(([path, kind]) => [`0:${path}`, `kind=${kind}`]))}
  esac
  case \${given[CURRENT-1]} in
${cases(ASKED_FLAGS.map(([flag, kind]) => [flag, `next=() only=name kind=${kind}`]))}
    ${valued(tree)}) next=() only=file kind='' ;;
  esac
  if [[ $PREFIX == -* ]]; then
    next=($flags ${longs(tree.flags)})
  elif [[ -z $path_$only && $arguments == 0 ]]; then
    _describe command commands
    return
  elif [[ -n $kind ]]; then
    names=(\${(f)"$(\${(Q)given[1]} __complete $kind -q 2>/dev/null)"})
  fi
  compadd -a next names || _files
}
if [[ $funcstack[1] == _lumos ]]; then _lumos "$@"; else compdef _lumos lumos; fi
`
}

export function fishScript(tree: Completion): string {
  const places = placesOf(tree)
  return `# fish completion for lumos
function __lumos_place
  set -l place
  set -l arguments 0
  set -l skip 0
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    if test $skip = 1
      set skip 0
      continue
    end
    switch $word
      case ${valued(tree).replaceAll(' | ', ' ')}
        set skip 1
      case '-*'
      case '*'
        switch "$arguments:"(string join ' ' $place $word)
          case ${steps(tree).replaceAll(' | ', ' ')}
            set -a place $word
          case '*'
            set arguments (math $arguments + 1)
        end
    end
  end
  echo "$arguments:$place"
end
function __lumos_in
  string match -q -- "*:$argv" (__lumos_place)
end
function __lumos_first
  test (__lumos_place) = "0:$argv"
end
complete -c lumos -f
${tree.flags.map((flag) => `complete -c lumos ${fishFlag(flag)}`).join('\n')}
${tree.commands.map((each) => fishWord('', each)).join('\n')}
${places.flatMap(fishPlace).join('\n')}
${ASKED.map(([path, kind]) => `complete -c lumos -n '__lumos_first ${path}' -a '${asking(kind)}'`).join('\n')}
complete -c lumos -n '__lumos_in run' -F
`
}

function fishPlace({ path, flags, next }: Place): string[] {
  return [
    ...flags.map((flag) => `complete -c lumos -n '__lumos_in ${path}' ${fishFlag(flag)}`),
    ...next.map((each) => fishWord(path, each))
  ]
}

function fishWord(path: string, { name, summary }: Pick<Node, 'name' | 'summary'>): string {
  return `complete -c lumos -n '__lumos_first ${path}' -a ${name} -d '${quote(summary)}'`
}

function fishFlag({ long, short, takesValue }: Flag): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`
  const [, kind] = ASKED_FLAGS.find(([flag]) => flag === long) ?? []
  if (kind !== undefined) return `${names} -x -a '${asking(kind)}'`
  return takesValue ? `${names} -r -F` : names
}

function asking(kind: string): string {
  return `(lumos __complete ${kind} -q 2>/dev/null)`
}

function quote(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', ' -')
}
