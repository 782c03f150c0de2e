/** Why a store failed: what Holdfast says of it, and what the driver said. */
export function reasonOf(error: unknown): string {
  const { message = '', code, cause } = error as { message?: string; code?: unknown; cause?: unknown }
  if (cause instanceof Error) return `${message}: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
  return message || String(code)
}
