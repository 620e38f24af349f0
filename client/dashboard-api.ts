/** The control API's documents about the dashboard: how a browser of this user comes in. */

export interface DashboardCode {
  readonly v: 1
  /** Where the dashboard is, for example `http://127.0.0.1:5869/dashboard/`; the code goes behind it: `#code=…`. */
  readonly url: string
  /** Good for one sign-in. */
  readonly code: string
  readonly lifetimeMs: number
}

export interface DashboardEnded {
  readonly v: 1
  /** How many there were. */
  readonly sessions: number
}
