/** Completion scripts: commands and flags are in the script, names of peers and agents are asked for. */

interface Node {
  readonly name: string
  readonly summary: string
  readonly flags: readonly string[]
}

export interface Completion {
  /** Flags of every command. */
  readonly flags: readonly string[]
  readonly commands: readonly (Node & { readonly subcommands: readonly Node[] })[]
}

/** After these words (command, then subcommand or flag) comes a name that only the daemon knows. */
const ASKED: readonly (readonly [words: string, kind: string])[] = [
  ['run', 'agents'],
  ['find', 'agents'],
  ['agents show', 'agents'],
  ['peers connect', 'peers'],
  ['peers disconnect', 'peers'],
  ['peers ping', 'peers'],
  ['tasks show', 'tasks'],
  ['tasks cancel', 'tasks'],
  ['tasks watch', 'tasks'],
  ['tasks logs', 'tasks'],
  ['tasks retry', 'tasks'],
  ['tasks rm', 'tasks'],
  ['explain', 'codes']
]
const ASKED_FLAGS: readonly (readonly [flag: string, kind: string])[] = [
  ['--to', 'peers'],
  ['--node', 'peers'],
  ['--peer', 'peers']
]

/** `command` or `command subcommand` to the words that may follow. */
function wordsAfter({ commands, flags }: Completion): [string, string][] {
  return commands.flatMap(({ name, subcommands, flags: own }): [string, string][] => [
    [name, [...subcommands.map((each) => each.name), ...own, ...flags].join(' ')],
    ...subcommands.map((each): [string, string] => [
      `${name} ${each.name}`,
      [...each.flags, ...flags].join(' ')
    ])
  ])
}

export function bashScript(tree: Completion): string {
  const names = tree.commands.map(({ name }) => name).join(' ')
  const cases = wordsAfter(tree).map(([words, next]) => `    '${words}') words='${next}' ;;`)
  const asked = ASKED.map(([words, kind]) => `    '${words}') kind=${kind} ;;`)
  const askedFlags = ASKED_FLAGS.map(([flag, kind]) => `    ${flag}) kind=${kind} ;;`)
  return `# bash completion for lumos: source <(lumos completion bash)
_lumos() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' depth=0 words='' kind='' i word
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
    -P | --profile | --home | --timeout) ((i++)) ;;
    -*) ;;
    *) if ((depth < 2)); then path="\${path:+$path }$word"; ((depth++)); fi ;;
    esac
  done
  case $path in
    '') words='${names} ${tree.flags.join(' ')}' ;;
${cases.join('\n')}
  esac
  case $path in
${asked.join('\n')}
  esac
  case $prev in
${askedFlags.join('\n')}
  esac
  if [[ -n $kind && $cur != -* ]]; then
    words="$words $("\${COMP_WORDS[0]}" __complete $kind -q 2>/dev/null)"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lumos lumos
`
}

export function zshScript(tree: Completion): string {
  const cases = wordsAfter(tree).map(([words, next]) => `    '${words}') words=(${next}) ;;`)
  const asked = ASKED.map(([words, kind]) => `    '${words}') kind=${kind} ;;`)
  const askedFlags = ASKED_FLAGS.map(([flag, kind]) => `    ${flag}) kind=${kind} ;;`)
  return `#compdef lumos
# zsh completion for lumos: source <(lumos completion zsh)
_lumos() {
  local -a commands words given
  local path_='' kind='' word i
  commands=(
${tree.commands.map(({ name, summary }) => `    '${name}:${quote(summary)}'`).join('\n')}
  )
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]:-\${(Q)\${(z)BUFFER}[i]}}
    case $word in
      -P|--profile|--home|--timeout) ((i++)) ;;
      -*) ;;
      *) ((\${#given} < 2)) && given+=($word) ;;
    esac
  done
  path_="\${given[*]}"
  words=()
  case $path_ in
${cases.join('\n')}
  esac
  case $path_ in
${asked.join('\n')}
  esac
  case \${(Q)\${(z)BUFFER}[CURRENT-1]} in
${askedFlags.join('\n')}
  esac
  if [[ -z $path_ ]]; then
    _describe command commands
    return
  fi
  [[ -n $kind && $PREFIX != -* ]] && words+=(\${(f)"$(lumos __complete $kind -q 2>/dev/null)"})
  compadd -a words
}
compdef _lumos lumos
`
}

export function fishScript(tree: Completion): string {
  const lines = ['# fish completion for lumos', 'complete -c lumos -f']
  for (const flag of tree.flags) lines.push(`complete -c lumos -l ${flag.slice(2)}`)
  for (const { name, summary, flags, subcommands } of tree.commands) {
    lines.push(`complete -c lumos -n __fish_use_subcommand -a ${name} -d '${quote(summary)}'`)
    const seen = `-n '__fish_seen_subcommand_from ${name}'`
    for (const flag of flags) lines.push(`complete -c lumos ${seen} -l ${flag.slice(2)}`)
    for (const each of subcommands) {
      lines.push(`complete -c lumos ${seen} -a ${each.name} -d '${quote(each.summary)}'`)
    }
  }
  for (const [words, kind] of ASKED) {
    const seen = words
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ')
    lines.push(`complete -c lumos -n '${seen}' -a '(lumos __complete ${kind} -q 2>/dev/null)'`)
  }
  for (const [flag, kind] of ASKED_FLAGS) {
    lines.push(
      `complete -c lumos -l ${flag.slice(2)} -x -a '(lumos __complete ${kind} -q 2>/dev/null)'`
    )
  }
  return `${lines.join('\n')}\n`
}

function quote(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', ' -')
}
