/** The examples of a page of the documentation, as somebody who copies them would have them. */
import { readFileSync } from 'node:fs'

/** What stands between fences of `language`, in order. */
export function docExamples(page: string, language: 'js' | 'sh'): readonly string[] {
  return readFileSync(`docs/${page}.md`, 'utf8')
    .split('```')
    .flatMap((block) =>
      block.startsWith(`${language}\n`) ? [block.slice(language.length + 1)] : []
    )
}
