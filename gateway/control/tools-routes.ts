/** The part of the table of the control API that is about tools. */
import { documentRoute, linesRoute } from './route.ts'
import * as tools from './schema/tools.ts'

export const toolRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/tools',
    id: 'tools',
    summary: 'Tools that this node can give to its agents, and who may use them',
    answer: tools.toolList,
    handle: (operations) => operations.tools.list()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/tools/{tool}',
    id: 'tool',
    summary: 'One tool: its schemas, its limits, and why it may be used or not',
    params: tools.toolSelector,
    answer: tools.toolDetails,
    handle: (operations, { params }) => operations.tools.show(params.tool)
  }),
  linesRoute({
    method: 'POST',
    path: '/v1/tools/{tool}/call',
    id: 'callTool',
    summary: 'Calls a tool as the user of this node: what it says, then its result',
    params: tools.toolSelector,
    body: tools.toolCallRequest,
    answer: tools.toolCallEvent,
    handle: (operations, { params, body, signal }) =>
      operations.tools.call(params.tool, body, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tool-rules',
    id: 'setToolRule',
    summary: 'Decides who may use a tool',
    body: tools.toolRuleRequest,
    answer: tools.toolList,
    audit: ({ body }) => `${body.action} ${body.tool}`,
    handle: (operations, { body }) => operations.tools.rule(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tool-rules/reset',
    id: 'resetToolRules',
    summary: 'Forgets what was decided about a tool while nodes ran',
    body: tools.toolPattern,
    answer: tools.toolList,
    audit: ({ body }) => body.tool,
    handle: (operations, { body }) => operations.tools.reset(body.tool)
  }),
  ...(['enable', 'disable'] as const).map((word) =>
    documentRoute({
      method: 'POST',
      path: `/v1/tool-switches/${word}`,
      id: `${word}Tool`,
      summary:
        word === 'enable'
          ? 'Lets agents be given a tool again'
          : 'Gives a tool to no agent any more',
      body: tools.toolSelector,
      answer: tools.toolList,
      audit: ({ body }) => body.tool,
      handle: (operations, { body }) => operations.tools.setEnabled(body.tool, word === 'enable')
    })
  )
]
