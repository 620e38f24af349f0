/** Completion scripts: commands and flags are in the script, names of peers and agents are asked for. */

export interface Flag {
  /** With its dashes, as `short`. */
  readonly long: string
  readonly short?: string
  readonly takesValue: boolean
  /** What `lumos __complete` knows values by. */
  readonly kind?: string | undefined
}

export interface Argument {
  readonly kind?: string | undefined
  /** The last one may be given again and again. */
  readonly variadic: boolean
}

export interface Node {
  readonly name: string
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly arguments: readonly Argument[]
  readonly subcommands: readonly Node[]
}

export interface Completion {
  /** Flags of every command. */
  readonly flags: readonly Flag[]
  readonly commands: readonly Node[]
}

/** Further ones of an argument that may be repeated are typed by hand. */
const REPEATED = 4

/** A command or a subcommand, and what may follow it. */
interface Place extends Node {
  /** `peers ping` */
  readonly path: string
  /** Words of which one may come next. */
  readonly next: readonly { readonly name: string; readonly summary: string }[]
}

function placesOf({ commands }: Completion): Place[] {
  const under = (node: Node, above: string): Place[] => {
    const path = above === '' ? node.name : `${above} ${node.name}`
    const next = path === 'help' ? commands : node.subcommands
    return [{ ...node, path, next }, ...node.subcommands.flatMap((each) => under(each, path))]
  }
  return commands.flatMap((command) => under(command, ''))
}

/** `1:spaces grant` and the kind of words that stand there. */
function askedArguments(tree: Completion): (readonly [place: string, kind: string])[] {
  return placesOf(tree).flatMap((place) =>
    place.arguments.flatMap(({ kind, variadic }, index) => {
      if (kind === undefined) return []
      const times = variadic ? REPEATED : 1
      return Array.from({ length: times }, (_, more) => {
        return [`${index + more}:${place.path}`, kind] as const
      })
    })
  )
}

/** `run --to`, or `--profile` of them all, and the kind of words that stand behind it. */
function askedFlags(tree: Completion): (readonly [place: string, kind: string])[] {
  return [tree.flags.map((flag) => ({ flag, path: '' })), ...placesOf(tree).map(flagsOfPlace)]
    .flat()
    .flatMap(({ flag: { long, short, kind }, path }) => {
      if (kind === undefined) return []
      const spellings = [long, ...(short === undefined ? [] : [short])]
      return spellings.map((each) => [path === '' ? each : `${path} ${each}`, kind] as const)
    })
}

function flagsOfPlace({ flags, path }: Place): { readonly flag: Flag; readonly path: string }[] {
  return flags.map((flag) => ({ flag, path }))
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
${cases(askedArguments(tree).map(([place, kind]) => [place, `kind=${kind}`]))}
  esac
  case $prev in
    ${valued(tree)}) words='' kind='' ;;
  esac
  for word in "$prev" "$path $prev"; do
    case $word in
${cases(askedFlags(tree).map(([place, kind]) => [place, `words='' kind=${kind}`]))}
    esac
  done
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
${cases(askedArguments(tree).map(([place, kind]) => [place, `kind=${kind}`]))}
  esac
  case \${given[CURRENT-1]} in
    ${valued(tree)}) next=() only=file kind='' ;;
  esac
  for word in "\${given[CURRENT-1]}" "$path_ \${given[CURRENT-1]}"; do
    case $word in
${cases(askedFlags(tree).map(([place, kind]) => [place, `next=() only=name kind=${kind}`]))}
    esac
  done
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
function __lumos_at
  test (__lumos_place) = "$argv"
end
function __lumos_first
  test (__lumos_place) = "0:$argv"
end
complete -c lumos -f
${tree.flags.map((flag) => `complete -c lumos ${fishFlag(flag)}`).join('\n')}
${tree.commands.map((each) => fishWord('', each)).join('\n')}
${places.flatMap(fishPlace).join('\n')}
${askedArguments(tree)
  .map(([place, kind]) => `complete -c lumos -n '__lumos_at ${place}' -a '${asking(kind)}'`)
  .join('\n')}
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

function fishFlag({ long, short, takesValue, kind }: Flag): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`
  if (kind !== undefined) return `${names} -x -a '${asking(kind)}'`
  return takesValue ? `${names} -r -F` : names
}

function asking(kind: string): string {
  return `(lumos __complete ${kind} -q 2>/dev/null)`
}

function quote(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', ' -')
}
