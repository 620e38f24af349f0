/** `lumos peers trace`: the way to a peer, step by step, and what was tried to find a better one. */
import type { HolePunch, PeerTrace, TracedAddress, TraceHop } from '../../client/mesh-api.ts'
import type { Cli } from '../cli.ts'
import { duration, shortId } from '../format.ts'
import { displayWidth, oneLine, padEnd, padStart } from '../width.ts'

export async function printTrace(cli: Cli, peer: string): Promise<void> {
  const trace = await cli.client().mesh.trace(peer, cli.call())
  if (cli.flags.json) return cli.document(trace)
  for (const line of traceLines(trace, cli)) cli.print(line)
  if (trace.error?.hint !== undefined) cli.note(`try: ${oneLine(trace.error.hint)}`)
}

function traceLines(trace: PeerTrace, cli: Cli): string[] {
  const { hops, holePunch, name, id, state, error } = trace
  const style = cli.out()
  const steps = hops.map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`)
  const width = Math.max(0, ...steps.map(displayWidth))
  const lines = hops.map((hop, index) => {
    const last = index === hops.length - 1
    const rtt = padStart(hop.rttMs === null ? '?' : duration(hop.rttMs), 8)
    const punch = last && holePunch !== undefined ? `   hole punch: ${punchText(holePunch)}` : ''
    return `${index + 1}  ${style.strong(padEnd(steps[index] ?? '', width))}   ${wayOf(hop)}  ${rtt}${punch}`
  })
  if (hops.length === 0) {
    const why = error === undefined ? '' : `: ${oneLine(error.message)}`
    lines.push(`${style.strong(nameOf({ id, name }))}   ${style.bad(`${state}${why}`)}`)
  } else if (hops.length > 1 && trace.rttMs !== null) {
    lines.push(style.faint(`   the whole way there and back: ${duration(trace.rttMs)}`))
  }
  return [...lines, `found by: ${trace.foundBy.join(', ') || 'nobody'}${retryText(trace)}`].concat(
    addressLines(trace.addresses, cli)
  )
}

function wayOf({ path, layers = '' }: TraceHop): string {
  return `${padEnd(path, 6)}  ${padEnd(layers, 20)}`
}

function punchText({ state, attempts, reason }: HolePunch): string {
  const why = reason === undefined ? '' : `: ${oneLine(reason)}`
  const texts: Record<HolePunch['state'], string> = {
    off: 'off (network.natTraversal)',
    waiting: 'the other node has to begin, and has not',
    trying: 'under way',
    failed: `tried ${attempts}x, failed${why}`,
    succeeded: `worked, tried ${attempts}x`
  }
  return texts[state]
}

function retryText({ attempts, retryInMs }: PeerTrace): string {
  if (attempts === 0) return ''
  const next = retryInMs === null ? '' : `, next in ${duration(retryInMs)}`
  return ` · failed ${attempts}x in a row${next}`
}

function addressLines(addresses: readonly TracedAddress[], cli: Cli): string[] {
  if (addresses.length === 0) return ['no address is known']
  const style = cli.out()
  const width = Math.max(...addresses.map(({ address }) => displayWidth(oneLine(address))))
  const paint = { connected: style.good, failed: style.bad, untried: style.faint }
  return [
    'addresses:',
    ...addresses.map(({ address, state, reason }) => {
      const text = reason === undefined ? state : oneLine(reason)
      return `   ${padEnd(oneLine(address), width)}   ${paint[state](text)}`
    })
  ]
}

function nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return oneLine(name) || shortId(id)
}
