/** What happened in a run of the simulation, line by line: only made when somebody wants to read it. */

export type Trace = (line: () => string) => void

export const NO_TRACE: Trace = () => {}
