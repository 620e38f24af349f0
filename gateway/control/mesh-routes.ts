/** The part of the table of the control API that is about the mesh. */
import { documentRoute } from './route.ts'
import * as mesh from './schema/mesh.ts'

export const meshRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/mesh',
    id: 'mesh',
    summary: 'Who is connected to whom, as far as this node is told',
    answer: mesh.graph,
    handle: (operations, { signal }) => operations.mesh.graph(signal)
  })
]
