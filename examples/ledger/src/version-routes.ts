import { createReply, jsonReply } from 'holdfast'
import type { Api, ApiVersions } from 'holdfast'
import { changelog, openApi } from 'holdfast/versioning'
import { accountIn, queryOf, reading } from './http.ts'
import type { Handler } from './http.ts'
import { object, text } from './input.ts'
import { invalid, refuse } from './refusals.ts'
import type { Routes } from './routes.ts'
import { versions } from './versions/versions.ts'

const pinOrder = object({ version: text() })

/** What the ledger tells of its versions, and lets callers choose. The API is there when the first call comes. */
export function versionRoutes(api: () => Api): Routes {
  const asked = (): ApiVersions => api().versions as ApiVersions
  return {
    'GET /versions': { handler: async () => jsonReply(200, { data: await asked().list() }) },
    'GET /openapi.json': { handler: document },
    'GET /changelog': { handler: () => jsonReply(200, { data: changelog(versions) }) },
    'GET /me/api-version': {
      promise: {},
      handler: async (call) => jsonReply(200, { version: (await asked().pin(accountIn(call)))?.version ?? null }),
    },
    'PUT /me/api-version': {
      promise: {},
      handler: reading(pinOrder, (call, _params, { version }) => asked().setPin(accountIn(call), version)),
    },
    'GET /admin/usage': { promise: {}, handler: usage(asked) },
  }
}

const document: Handler = (call) => {
  const version = queryOf(call).get('version') ?? versions.newest
  if (versions.plan(version) === undefined)
    return invalid([{ parameter: 'version', detail: `must be one of ${versions.list.map(({ id }) => id).join(', ')}` }])
  return createReply(200, { 'content-type': 'application/json' }, JSON.stringify(openApi(versions, version, { title: 'Ledger' })))
}

function usage(asked: () => ApiVersions): Handler {
  return async (call) => {
    if (accountIn(call) !== 'admin') return refuse('not-found', 'No route has this method and path.')
    const version = queryOf(call).get('version')
    return jsonReply(200, { data: await asked().usage(version === null ? {} : { version }) })
  }
}
