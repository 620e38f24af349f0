import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentRequest } from 'lumos-mesh'

enum Mood {
  Good = 'good'
}

export async function shout(text: string): Promise<string> {
  return `${text.toUpperCase()}!`
}

export async function* slowly(text: string) {
  for (const word of text.split(' ')) yield `${word} `
}

export async function mood() {
  return { mood: Mood.Good }
}

/** Blocks its thread for ever. */
export async function spin() {
  for (;;);
}

export async function die() {
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => undefined)
}

export async function devour() {
  const eaten: Buffer[] = []
  for (;;) {
    eaten.push(Buffer.alloc(16 * 1024 * 1024, 1))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export async function wait(_: string, { signal }: AgentRequest) {
  console.log('waiting for a cancel')
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

/** Says when it is asked, waits for its word to begin, and counts what it has handed over. */
export async function* chatter(folder: string) {
  const piece = 'x'.repeat(64 * 1024)
  writeFileSync(join(folder, 'asked'), '')
  while (!existsSync(join(folder, 'begin'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (let index = 0; index < 400; index++) {
    yield { type: 'progress', text: `${index} ${piece}` }
    writeFileSync(join(folder, 'count'), String(index + 1))
  }
  yield 'done'
}

export async function secrets() {
  return Object.keys(process.env).toSorted().join(' ')
}
