import { defineChange, refusals } from 'holdfast/versioning'

export const overdraft422 = defineChange({
  id: 'overdraft-422',
  in: '2026-06-01',
  summary: 'A transfer without enough money is refused with 422, not with 400.',
  on: refusals,
  sideEffects: true,
  error: {
    down({ body }) {
      const isOverdraft = (body as { readonly code?: string } | undefined)?.code === 'insufficient-funds'
      return isOverdraft ? { status: 400, body: { ...(body as object), status: 400 } } : {}
    },
  },
})
