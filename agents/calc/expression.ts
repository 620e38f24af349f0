/** Turns what people type into what the calculator's parser reads. */

/** Words around a calculation: "what is …?", "calculate …", "convert …", "… =". */
const LEADING =
  /^\s*(?:please\s+)?(?:(?:what(?:'s| is| are)|how much (?:is|are)|calculate|compute|evaluate|convert|calc|solve)\b[\s:]*)?/i
const TRAILING = /\s*(?:=\s*\?|[?=])\s*$/

const SIGNS: Readonly<Record<string, string>> = {
  '×': '*',
  '·': '*',
  '÷': '/',
  '−': '-',
  '–': '-',
  '√': ' sqrt ',
  π: ' pi ',
  '²': '^2',
  '³': '^3',
  '°C': ' degC',
  '°F': ' degF',
  '°': ' deg',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  µ: 'u',
  μ: 'u'
}
const SIGN = new RegExp(Object.keys(SIGNS).join('|'), 'gu')

/** `20% of 150`: the parser knows percentages, but no "of". */
const PERCENT_OF = /(\d\s*%)\s+of\b/gi
const ROOT = /\bsquare root of\s+([\w.]+|\([^()]*\))/gi
const ROOT_SIGN = / sqrt +([\w.]+|\([^()]*\))/g

/** The expression in `text`; empty when there is none. */
export function toExpression(text: string): string {
  return text
    .replace(LEADING, '')
    .replace(TRAILING, '')
    .replace(SIGN, (sign) => SIGNS[sign] ?? sign)
    .replace(PERCENT_OF, '$1 *')
    .replace(ROOT, 'sqrt($1)')
    .replace(ROOT_SIGN, ' sqrt($1)')
    .trim()
}
