import { gzipSync } from 'node:zlib'
import { etagOf, lastWriteOf, mergePatch, readPatch } from '../../src/concurrency/index.ts'
import { jsonPatch } from '../../src/concurrency/json-patch/index.ts'
import { currentCall, versionFact } from '../../src/core/index.ts'
import type { Policy, Reply } from '../../src/core/index.ts'
import type { ApiDeclaration, RouteDeclaration } from '../../src/index.ts'
import type { Answered } from '../adapters/matrix.ts'
import type { Answer, Matrix, Scenario, ScenarioHandler } from '../scenarios/matrix.ts'
import type { OpenStore, StoreKit } from '../scenarios/stores.ts'
import { openThings } from './things.ts'
import type { Changed, Represent, Things } from './things.ts'

/** What a caller sends beside method and path. */
export interface Request {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
}

/** Things behind an API, as a caller sees them. */
export interface Service {
  readonly scenario: Scenario
  readonly things: Things
  send(method: string, path: string, request?: Request): Promise<Answer>
  /** Makes a thing; gives its tag. */
  make(id: string, name: string): Promise<string>
  /** The tag of a thing as it is now. */
  tagOf(id: string): Promise<string>
}

/** Sets the API version from a header, in the place of the step that will. */
const version: Policy = (call, next) => {
  const asked = call.headers.get('api-version')
  if (asked !== null) call.facts.set(versionFact, asked)
  return next(call)
}

function routesFor(guarantee: StoreKit['strongest']): ApiDeclaration['routes'] {
  const keyed = { idempotency: { guarantee, key: 'optional' } } as const
  const all = (path: string, precondition: RouteDeclaration['precondition']): ApiDeclaration['routes'] =>
    Object.fromEntries(
      ['PUT', 'PATCH', 'DELETE', 'POST'].map((method) => [
        `${method} ${path}`,
        { ...keyed, ...(precondition !== undefined && { precondition }) },
      ]),
    )
  return {
    'GET /things': { precondition: 'optional' },
    'GET /things/:id': { precondition: 'optional' },
    ...all('/things/:id', 'required'),
    ...all('/free/:id', 'optional'),
    ...all('/lenient/:id', { rule: 'required', acceptWeakened: true }),
    ...all('/strict/:id', { rule: 'required', strictRepresentation: true }),
    ...all('/remembering/:id', 'required'),
    ...all('/forgetful/:id', { rule: 'required', onIgnored: 'throw' }),
    ...all('/reported/:id', { rule: 'required', onIgnored: 'report' }),
    'GET /export': { precondition: 'optional' },
  }
}

/** Starts an API of things over one adapter and one store. */
export async function startThings(matrix: Matrix, given?: OpenStore): Promise<Service> {
  const opened = given ?? (await matrix.open())
  const things = await openThings(opened, matrix.storeKit.name)
  const scenario = await matrix.start({
    open: opened,
    handler: handlerOf(things),
    declaration: { routes: routesFor(matrix.storeKit.strongest) },
    before: version,
  })
  const service: Service = {
    scenario,
    things,
    send: (method, path, { body, headers = {}, key = '' } = {}) =>
      scenario.post(path, {
        method,
        key,
        headers: { ...headers },
        body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async make(id, name) {
      const made = await service.send('PUT', `/free/${id}`, { body: { name } })
      if (made.status !== 201) throw new Error(`no thing: ${made.status} ${made.text}`)
      return String(made.headers['etag'])
    },
    tagOf: async (id) => String((await service.send('GET', `/things/${id}`)).headers['etag']),
  }
  return service
}

const json = 'application/json'

/** One handler for all routes, as every kit takes it. */
function handlerOf(things: Things): ScenarioHandler {
  return async ({ asked }) => {
    const [, route = '', id = ''] = asked.path.split('?', 1)[0]?.split('/') ?? []
    const call = currentCall()
    if (call.headers.has('x-forbidden')) return { status: 403 }
    switch (`${asked.method} ${id === '' ? 'all' : 'one'}`) {
      case 'GET all':
        return route === 'export' ? exported() : listed(things)
      case 'GET one':
      case 'HEAD one':
        return shown(things, id)
      case 'PUT one': {
        const lastWrite = route === 'remembering' ? { lastWrite: await lastWriteOf(call) } : {}
        const { name } = JSON.parse((await asked.body()).toString()) as { name: string }
        if (route === 'forgetful' || route === 'reported') return { status: 200, body: 'forgot' }
        const done = await things.put(id, name, { ...lastWrite, ...(!call.headers.has('x-no-read') && { represent }) })
        return changed(done)
      }
      case 'PATCH one':
        return patched(things, id)
      case 'DELETE one':
        return { status: (await things.remove(id)) ? 204 : 404 }
      case 'POST one': {
        const done = await things.patch(id, (name) => `${name}!`)
        return changed(done)
      }
      default:
        return { status: 405 }
    }
  }
}

/** The first version calls the name a title. */
const represent: Represent = ({ name }) => (currentCall().facts.get(versionFact) === '1' ? { title: name } : { name })

async function shown(things: Things, id: string): Promise<Answered> {
  const thing = await things.read(id)
  if (thing === undefined) return { status: 404 }
  const body = Buffer.from(JSON.stringify({ name: thing.name }))
  const isPacked = currentCall().headers.get('accept-encoding')?.includes('gzip') === true
  const packed = isPacked ? { 'content-encoding': 'gzip' } : {}
  return {
    headers: {
      'content-type': json,
      etag: etagOf(thing.state),
      vary: 'Accept-Encoding',
      'cache-control': 'private',
      link: '</things>; rel="up"',
      ratelimit: '"default";r=5;t=10',
      'access-control-allow-origin': '*',
      ...packed,
    },
    body: isPacked ? gzipSync(body) : body,
  }
}

async function listed(things: Things): Promise<Answered> {
  const data = (await things.list()).map(({ id, name, state }) => ({ id, name, etag: etagOf(state) }))
  return { headers: { 'content-type': json }, body: JSON.stringify({ data }) }
}

function exported(): Answered {
  return {
    headers: { 'content-type': 'text/plain', etag: etagOf(7) },
    body: (async function* () {
      for (let line = 0; line < 5; line++) {
        yield Buffer.from(`{"line":${line}}\n`)
      }
    })(),
  }
}

async function patched(things: Things, id: string): Promise<Answered> {
  const patch = await readPatch(currentCall(), { formats: [mergePatch, jsonPatch] })
  if ('refusal' in patch) return toAnswered(patch.refusal)
  let refusal: Reply | undefined
  const before = await things.read(id)
  if (before === undefined) return { status: 404 }
  const applied = patch.apply({ name: before.name })
  if ('refusal' in applied) refusal = applied.refusal
  const { name } = ('document' in applied ? applied.document : { name: before.name }) as { name: string }
  if (refusal !== undefined) return toAnswered(refusal)
  return changed(await things.patch(id, () => name))
}

function changed(done: Changed | undefined): Answered {
  if (done === undefined) return { status: 404 }
  const { thing, made } = done
  return {
    status: made ? 201 : 200,
    headers: { 'content-type': json, etag: etagOf(thing.state) },
    body: JSON.stringify({ name: thing.name }),
  }
}

function toAnswered({ status, headers, body }: Reply): Answered {
  return { status, headers: Object.fromEntries(headers), body: body as string }
}
