/**
 * An agent with a language model and a tool of its own; what it does is told while it works.
 *
 * Run: `OPENAI_BASE_URL=http://127.0.0.1:11434/v1 node examples/llm-agent.ts "What is 84 * 6?"` with any
 * OpenAI-compatible server (Ollama, vLLM, LM Studio, or OpenAI itself with OPENAI_API_KEY).
 */
import { z } from 'zod'
import { llmAgent, tool } from '../index.ts'
import { startTestNode } from '../node/testing.ts'

const multiply = tool({
  id: 'multiply',
  description: 'Multiplies two numbers.',
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => ({ product: a * b })
})

const tutor = llmAgent({
  id: 'tutor',
  description: 'Teaches to reckon.',
  instructions: 'You teach children to reckon. Multiply with your tool, never by yourself.',
  tools: [multiply]
})

const {
  OPENAI_BASE_URL: baseUrl = 'https://api.openai.com/v1',
  OPENAI_API_KEY,
  MODEL
} = process.env
await using node = await startTestNode({
  agents: [tutor],
  models: {
    default: [`mine/${MODEL ?? 'gpt-5-mini'}`],
    providers: {
      mine: {
        baseUrl,
        models: [MODEL ?? 'gpt-5-mini'],
        // Only where the key is: it stands in no configuration.
        ...(OPENAI_API_KEY && { apiKey: 'env:OPENAI_API_KEY' })
      }
    }
  }
})

for await (const event of node.run('tutor', process.argv[2] ?? 'What is 84 * 6?')) {
  if (event.type === 'status' && event.step?.kind === 'tool-end') {
    const { tool: name, output, ok } = event.step
    console.log(`⚙ ${name} ${ok ? JSON.stringify(output) : 'failed'}`)
  }
  if (event.type === 'artifact') process.stdout.write(event.artifact.parts[0]?.text ?? '')
  if (event.type === 'result') console.log(event.error === undefined ? '' : event.error.message)
}
