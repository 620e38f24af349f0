/** Finds in what a program says of its failure the place in people's own code. */
import { fileURLToPath } from 'node:url'

export interface CodePlace {
  /** Absolute. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column?: number
}

/** `file:///a/b.ts:3:7`, `/a/b.ts:3`, inside of whatever. */
const PLACE = /(file:\/\/)?(\/[^\s:()'"]+\.[cm]?[jt]sx?):(\d+)(?::(\d+))?/g

/** The first place below `folder` that is not in a package; else the first at all. */
export function placeIn(text: string, folder: string): CodePlace | undefined {
  const places = Array.from(text.matchAll(PLACE), ([, scheme, path = '', line, column]) => ({
    file: scheme === undefined ? path : fileURLToPath(`file://${path}`),
    line: Number(line),
    ...(column !== undefined && { column: Number(column) })
  }))
  const isOwn = ({ file }: CodePlace): boolean =>
    file.startsWith(`${folder}/`) && !file.includes('/node_modules/')
  return places.find(isOwn) ?? places[0]
}

/** Its first line that says what is wrong, without a place that is told besides. */
export function sentenceIn(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  const sentence = lines.find((line) => /^\w*(Error|Exception)\b.*:/.test(line)) ?? lines[0] ?? ''
  return sentence.replace(/\s*\((at )?[^()]*(\([^()]*)?file:\/\/[^()]*\)+$/, '')
}
