export type { AccountResolver } from './account.ts'
export type { ApiDeclaration, LimitingOptions, RouteDeclaration, Store } from './declaration.ts'
export { defineApi } from './define-api.ts'
export type { Api } from './define-api.ts'
