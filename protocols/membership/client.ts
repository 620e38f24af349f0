/** Asks one question of the membership protocol on a stream of its own: for those who have no session yet. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { startDeadline } from '../frames/deadline.ts'
import { createFrameStream } from '../frames/frame-stream.ts'
import type { FrameStream } from '../frames/frame-stream.ts'
import type { StreamHost } from '../frames/host.ts'
import { admissionOf, decode, encode } from './codec.ts'
import type { Admission, Question } from './codec.ts'
import { MEMBERSHIP_PROTOCOL } from './constants.ts'

export interface MembershipClientComponents {
  readonly clock: Clock
  readonly host: Pick<StreamHost, 'open'>
}

export interface AskOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** @throws what the peer refused with, PEER_UNREACHABLE, TIMED_OUT, INVALID_REQUEST */
export async function askMembership(
  { clock, host }: MembershipClientComponents,
  { peer, question }: { readonly peer: PeerIdText; readonly question: Question },
  { signal, timeoutMs }: AskOptions
): Promise<Admission> {
  const deadline = startDeadline(clock, timeoutMs)
  const within = AbortSignal.any([signal, deadline.signal])
  let stream: FrameStream | undefined
  try {
    const pipe = await host.open(peer, MEMBERSHIP_PROTOCOL, within)
    stream = createFrameStream({ clock }, pipe, { signal: within })
    await stream.write(encode(question))
    const { value, done } = await stream[Symbol.asyncIterator]().next()
    if (done === true) throw new LumosError('STREAM_TRUNCATED')
    const answer = admissionOf(decode.reply(value))
    await stream.close()
    return answer
  } catch (cause) {
    stream?.abort(cause instanceof Error ? cause : new LumosError('CANCELLED'))
    if (!deadline.signal.aborted) throw cause
    throw new LumosError('TIMED_OUT', { cause, details: { timeoutMs } })
  } finally {
    deadline.cancel()
  }
}
