/** The project's end of the lines: what it tells the node waits when the node does not read. */
import { once } from 'node:events'
import { Socket } from 'node:net'
import type { NodeLine } from '../protocol.ts'
import { createLineSplitter } from '../line-splitter.ts'

export interface Channel {
  /** Resolves when there is room for more. */
  send(line: object): Promise<void>
  /** The same of a line that is text already. */
  write(text: string): Promise<void>
}

/** Any size: what the node sends is within its own limits. */
const ANY = Number.MAX_SAFE_INTEGER

/** `onEnd`: the node is gone. */
export function openChannel(
  fd: number,
  { onLine, onEnd }: { readonly onLine: (line: NodeLine) => void; readonly onEnd: () => void }
): Channel {
  const socket = new Socket({ fd })
  const lines = createLineSplitter({
    limit: ANY,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the node that started this process wrote it
    onLine: (text) => onLine(JSON.parse(text) as NodeLine),
    onLong: () => undefined
  })
  socket.on('data', (chunk: Uint8Array) => lines.push(chunk))
  socket.on('close', onEnd)
  socket.on('end', onEnd)
  socket.on('error', onEnd)
  async function write(text: string): Promise<void> {
    if (socket.destroyed || socket.write(`${text}\n`)) return
    await once(socket, 'drain')
  }
  return { write, send: (line) => write(JSON.stringify(line)) }
}
