/** The HTTP methods that tools can be allowed to use. */

export const WEB_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export type WebMethod = (typeof WEB_METHODS)[number]
