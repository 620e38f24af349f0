/** Peers that do what no honest one does; used to prove that it costs only them. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type {
  ConnectionEncrypter,
  Libp2p,
  MessageStream,
  Stream,
  StreamMuxer
} from '@libp2p/interface'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { preSharedKey as swarmKeyFile } from '../../trust/swarm-key.ts'
import { testSwarm } from './mesh-node.ts'

/** A length that never ends; js-libp2p spends three seconds on it (faults-and-libp2p.md, B1). */
export const ENDLESS_LENGTH = new Uint8Array(256 * 1024).fill(0xff)

export async function rawConnection(address: string): Promise<Socket> {
  const [, , host = '', , port] = address.split('/')
  const socket = connect(Number(port), host)
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Resolves however the connection ends; `once` would reject at a reset. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

export interface AttackerInit {
  readonly open?: boolean
  /** Of the swarm; default: that of test nodes. */
  readonly key?: Uint8Array
  /** Called with each connection before it is multiplexed. */
  readonly onSecured?: (connection: MessageStream) => void
  /** Called with each stream that the victim opens, in place of negotiating it. */
  readonly onStream?: (stream: Stream) => void
}

/** A libp2p node without our guards that holds the swarm key. */
export function createAttacker({
  open = false,
  key = testSwarm().key?.reveal(),
  onSecured,
  onStream
}: AttackerInit = {}): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionMonitor: { enabled: false },
    ...(!open && key && { connectionProtector: preSharedKey({ psk: swarmKeyFile(key) }) }),
    connectionEncrypters: [
      (components) => withHook(noise()(components), onSecured ?? (() => undefined))
    ],
    streamMuxers: [
      () => {
        const factory = yamux()()
        return {
          protocol: factory.protocol,
          createStreamMuxer(connection) {
            const muxer = factory.createStreamMuxer(connection)
            if (onStream !== undefined) takeStreams(muxer, onStream)
            return muxer
          }
        }
      }
    ]
  })
}

function withHook(
  encrypter: ConnectionEncrypter,
  onSecured: (connection: MessageStream) => void
): ConnectionEncrypter {
  return {
    protocol: encrypter.protocol,
    secureInbound: (connection, options) => encrypter.secureInbound(connection, options),
    async secureOutbound(connection, options) {
      // Without early negotiation, the victim reads multistream-select after the handshake.
      const skip = { ...options, skipStreamMuxerNegotiation: true }
      const secured = await encrypter.secureOutbound(connection, skip)
      onSecured(secured.connection)
      return secured
    }
  }
}

function takeStreams(muxer: StreamMuxer, onStream: (stream: Stream) => void): void {
  const listen = muxer.addEventListener.bind(muxer)
  muxer.addEventListener = () => undefined
  listen('stream', ({ detail }) => onStream(detail))
}

/** Sends what the protocols' own functions would not. */
export function sendRaw(stream: MessageStream, bytes: Uint8Array): void {
  try {
    stream.send(bytes)
  } catch {
    // Closed already: the victim was quick.
  }
}

export function lines(...texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.map((text) => Buffer.concat([Uint8Array.of(text.length + 1), Buffer.from(`${text}\n`)]))
  )
}

/** A yamux data frame of the connection's first stream that announces 4 GiB. */
export function giantFrame(): Uint8Array {
  const frame = new Uint8Array(12)
  const view = new DataView(frame.buffer)
  view.setUint16(2, 1)
  view.setUint32(4, 1)
  view.setUint32(8, 0xffffffff)
  return frame
}
