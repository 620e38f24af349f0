/** What the calculator and its child process say to each other, over Node's IPC channel. */
export interface Calculation {
  readonly id: number
  readonly expression: string
}

/** The child says this once, when its library is loaded. */
export interface ChildReady {
  readonly ready: true
}

export interface CalculationDone {
  readonly id: number
  /** The result in text, or why there is none. */
  readonly text: string
  readonly failed: boolean
}

export type ChildMessage = ChildReady | CalculationDone
