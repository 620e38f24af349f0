/** Where spans are to be sent, if anywhere: from the configuration, and from the variables that all programs with OpenTelemetry know. */
import type { Environment } from '../../core/paths.ts'
import { Secret } from '../../core/secret.ts'
import type { NodeConfig } from '../config/schema.ts'

export interface OtlpSettings {
  /** With `/v1/traces`. */
  readonly url: string
  /** They often hold a key. */
  readonly headers: Secret<Readonly<Record<string, string>>>
  readonly serviceName: string
}

const PATH = 'v1/traces'
const HTTP = /^https?:\/\//i

/** `undefined` when spans stay here. What the configuration says comes first. */
export function otlpSettings(
  { enabled, otlp }: NodeConfig['tracing'],
  env: Environment
): OtlpSettings | undefined {
  const base = otlp.endpoint ?? (env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined)
  const exact =
    otlp.endpoint === undefined ? env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || undefined : undefined
  const url = exact ?? (base && `${base.replace(/\/+$/, '')}/${PATH}`)
  if (!enabled || url === undefined || !HTTP.test(url) || !URL.canParse(url)) return undefined
  const headers =
    env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS'] || ''
  return {
    url,
    headers: new Secret(headersOf(headers)),
    serviceName: env['OTEL_SERVICE_NAME'] || 'lumos'
  }
}

/** `key=value,key=value`, values in the encoding of URLs (W3C Baggage). What cannot be read is left out. */
function headersOf(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, at)).trim()
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) continue
    try {
      headers[name] = decodeURIComponent(pair.slice(at + 1).trim())
    } catch {
      continue
    }
  }
  return headers
}
