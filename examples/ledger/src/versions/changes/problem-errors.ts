import { defineChange, refusals } from 'holdfast/versioning'

interface Problem {
  readonly code?: string
  readonly detail?: string
  readonly title?: string
  readonly current?: unknown
  readonly errors?: readonly { readonly pointer?: string; readonly parameter?: string; readonly detail?: string }[]
}

export const problemErrors = defineChange({
  id: 'problem-errors',
  in: '2025-09-01',
  summary: 'Refusals are application/problem+json.',
  on: refusals,
  error: {
    down({ body }) {
      const { code, detail, title, current, errors = [] } = (body ?? {}) as Problem
      const [first] = errors
      const message = first === undefined ? (detail ?? title) : `${first.pointer ?? first.parameter ?? ''}: ${first.detail}`
      return { contentType: 'application/json', body: { error: { code, message }, ...(current !== undefined && { current }) } }
    },
  },
  schema: {
    before: {
      type: 'object',
      properties: {
        error: { type: 'object', properties: { code: { type: 'string' }, message: { type: 'string' } }, required: ['code', 'message'] },
      },
      required: ['error'],
    },
    contentType: 'application/json',
  },
})
