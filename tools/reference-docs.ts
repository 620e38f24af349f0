/** Writes the generated parts of docs/errors.md, limits.md, configuration.md, metrics.md and security.md from the tables in the code. */
import { readFileSync, writeFileSync } from 'node:fs'
import { ERRORS } from '../core/error-table.ts'
import { LIMITS } from '../core/limits.ts'
import { BY_OPERATION, SOCKET_ONLY } from '../gateway/control/http-access.ts'
import { scopeOf } from '../gateway/docs/http-openapi.ts'
import { CONFIG_KEYS } from '../node/config/keys.ts'
import { METRICS } from '../node/metrics/catalogue.ts'
import { OPERATION_LIST } from '../trust/operations.ts'
import { QUOTA_NAMES, quotasOf } from '../trust/role-quotas.ts'
import { ROLE_MEANINGS, ROLES } from '../trust/roles.ts'

const BEGIN = '<!-- generated: node tools/reference-docs.ts -->'
const END = '<!-- end -->'

export function errorTable(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { message, hint, retry, a2a, exit }]) =>
      `| \`${code}\` | ${message} | ${hint} | ${retry ? 'yes' : 'no'} | ${a2a} | ${exit} |`
  )
  return [
    '| code | what happened | what to do | retry | A2A | exit |',
    '|---|---|---|---|---|---|',
    ...rows
  ].join('\n')
}

export function limitTable(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, { value, unit, why }]) =>
      `| \`${name}\` | ${value.toLocaleString('en')} | ${unit} | ${why} |`
  )
  const table = ['| limit | value | unit | why |', '|---|---|---|---|', ...rows]
  return [...table, '', ...quotaTable()].join('\n')
}

function quotaTable(): string[] {
  const kinds = [...ROLES, undefined]
  const rows = QUOTA_NAMES.map((name) => {
    const amounts = kinds.map((role) => quotasOf(role)[name].toLocaleString('en'))
    return `| \`${name}\` | ${amounts.join(' | ')} |`
  })
  const titles = ['of one peer', ...ROLES, 'no member']
  return [
    'Of these, who is trusted less gets less (`trust/role-quotas.ts`; `lumos peers show` names what applies):',
    '',
    `| ${titles.join(' | ')} |`,
    `|${titles.map(() => '---').join('|')}|`,
    ...rows
  ]
}

export function settingTable(): string {
  const rows = Array.from(
    CONFIG_KEYS.values(),
    ({ key, fallback, variable, description }) =>
      `| \`${key}\` | ${readable(fallback)} | \`${variable}\` | ${description} |`
  )
  return ['| key | default | variable | means |', '|---|---|---|---|', ...rows].join('\n')
}

export function operationTable(): string {
  const rows = OPERATION_LIST.map(({ name, means, roles, anybody = false, grant, methods }) =>
    [
      `\`${name}\``,
      means,
      ...ROLES.map((role) => (anybody || roles.includes(role) ? 'yes' : '')),
      anybody ? 'yes' : '',
      grant === undefined ? '' : `\`${grant}\``,
      methods.map((method) => `\`${method}\``).join(', ')
    ].join(' | ')
  )
  const titles = ['operation', 'means', ...ROLES, 'stranger', 'grant', 'methods']
  const table = [titles.join(' | '), titles.map(() => '---').join(' | '), ...rows]
  return [
    ...table.map((row) => `| ${row} |`),
    '',
    ...ROLES.map((role) => `- **${role}**: ${ROLE_MEANINGS[role]}`)
  ].join('\n')
}

/** Every metric, by area. */
export function metricTable(): string {
  const rows = Object.entries(METRICS).flatMap(([area, metrics]) =>
    Object.values(metrics).map(
      ({ name, kind, labels, help }) =>
        `| ${area} | \`${name}\` | ${kind} | ${listed(labels)} | ${help} |`
    )
  )
  return ['| area | metric | type | labels | means |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** What of the control API can be had over HTTP, and why the rest cannot. */
export function httpAccessTable(): string {
  const open = Object.entries(BY_OPERATION).map(([operation, ids]) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets the names
    const scope = scopeOf(operation as keyof typeof BY_OPERATION) ?? ''
    return `| \`${scope}\` | \`${operation}\` | ${listed(ids)} |`
  })
  const shut = Object.entries(SOCKET_ONLY).map(
    ([why, ids]) => `| none: ${why} | | ${listed(ids)} |`
  )
  return ['| scope | operation | routes |', '| --- | --- | --- |', ...open, ...shut].join('\n')
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function readable(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map(readable).join(', ') || 'none'
  if (typeof value === 'object') return 'none'
  return `\`${JSON.stringify(value).replaceAll('"', '')}\``
}

/** Puts `table` between the markers of `document`; `name` tells one of several in it from the others. */
export function withTable(document: string, table: string, name?: string): string {
  const begin = name === undefined ? BEGIN : BEGIN.replace(' -->', `, ${name} -->`)
  const start = document.indexOf(begin)
  const end = document.indexOf(END, start)
  if (start < 0 || end < start) throw new TypeError(`no "${begin}" … "${END}" in the document`)
  return `${document.slice(0, start + begin.length)}\n${table}\n${document.slice(end)}`
}

if (import.meta.main) {
  for (const [path, table, name] of [
    ['docs/errors.md', errorTable()],
    ['docs/limits.md', limitTable()],
    ['docs/configuration.md', settingTable()],
    ['docs/metrics.md', metricTable()],
    ['docs/security.md', operationTable()],
    ['docs/security.md', httpAccessTable(), 'control API over HTTP']
  ] as const) {
    writeFileSync(path, withTable(readFileSync(path, 'utf8'), table, name))
  }
}
