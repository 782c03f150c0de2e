import type { LimitDeclaration } from 'holdfast'

/** The limit of each account. What operators ask for, and what no route answers, is free. */
export function accountLimits({ rate, burst }: { readonly rate: number; readonly burst: number }): readonly LimitDeclaration[] {
  if (rate === 0) return []
  return [{ name: 'per-second', limit: rate, windowSeconds: 1, burst, match: (_head, { route }) => route !== undefined }]
}
