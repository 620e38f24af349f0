/** How long a test waits for what is bound to happen: a busy machine may take seconds for what takes milliseconds. */
export const PATIENCE = { timeout: 20_000, interval: 5 }
