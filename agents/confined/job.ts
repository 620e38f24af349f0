/** What a node and a confined process say to each other, over Node's IPC channel. */
import type { Json } from '../../core/json.ts'

export interface Job<Work extends Json> {
  readonly id: number
  readonly work: Work
}

/** The process says this once, when its code is loaded. */
export interface Ready {
  readonly ready: true
}

/** Told in words to whoever wanted it when it `failed`. */
export type JobDone<Result extends Json> =
  | { readonly id: number; readonly value: Result }
  | { readonly id: number; readonly failed: string }

export type ProcessMessage<Result extends Json> = Ready | JobDone<Result>
