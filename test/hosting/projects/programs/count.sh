#!/bin/sh
# Counts words: an agent of this node in a few lines of sh and jq-less string work.
while read -r line; do
  case "$line" in
    *'"type":"hello"'*)
      echo '{"type":"agents","protocol":1,"agents":[{"id":"count","description":"Counts words."}]}' ;;
    *'"type":"run"'*)
      run=$(printf '%s' "$line" | sed 's/.*"run":"\([^"]*\)".*/\1/')
      text=$(printf '%s' "$line" | sed 's/.*"text":"\([^"]*\)","message".*/\1/')
      printf '{"type":"output","run":"%s","output":"%s"}\n' "$run" "$(echo "$text" | wc -w | tr -d ' ')"
      printf '{"type":"end","run":"%s"}\n' "$run" ;;
    *'"type":"stop"'*) exit 0 ;;
  esac
done
