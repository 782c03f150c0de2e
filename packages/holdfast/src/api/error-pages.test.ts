import { describe, expect, it } from 'vitest'
import { createCall, problem, problemBase, problemKinds, toFields } from '../core/index.ts'
import type { ProblemCode } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { defineApi } from './define-api.ts'
import { errorPage } from './error-pages.ts'

const get = (url: string, method = 'GET') => createCall({ method, url, headers: toFields() })

describe('the page of a problem', () => {
  it('is where the type of every problem leads', () => {
    for (const code of Object.keys(problemKinds) as ProblemCode[]) {
      const { type, help = type } = JSON.parse(problem(code).body as string) as { type: string; help?: string }
      const page = errorPage(problemBase, get(help))
      expect(page?.status).toBe(200)
      expect(page?.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page?.body).toContain(problemKinds[code].title)
    }
  })

  it('does not exist for other codes', () => {
    for (const code of ['', 'nothing', 'constructor', '__proto__', '../key-missing', '<script>'])
      expect(errorPage(problemBase, get(problemBase + code))).toBeUndefined()
  })

  it('is served by the API itself, and only to readers', async () => {
    const api = defineApi({ store: memory(), singleTenant: true, routes: {} })
    const below = () => ({ status: 418 }) as never
    expect(await api.policy(get(`${problemBase}key-missing`), below)).toMatchObject({ status: 200 })
    expect(await api.policy(get(`${problemBase}key-missing`, 'POST'), below)).toMatchObject({ status: 418 })
    expect(await api.policy(get('/.well-known/other'), below)).toMatchObject({ status: 418 })
    await api.drain()
  })
})
