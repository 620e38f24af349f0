/** Sessions over real libp2p streams: noise and yamux, in memory and over TCP. */
import { libp2pPair } from '../support/libp2p-pair.ts'
import { describeSessions } from '../support/session-contract.ts'

let pairs = 0

describeSessions('libp2p in memory', (init) => {
  const pair = pairs++
  return libp2pPair((name) => `/memory/sessions-${pair}-${name}`, init)
})

describeSessions('libp2p over TCP', (init) => libp2pPair(() => '/ip4/127.0.0.1/tcp/0', init))
