import { bodyTooLarge } from '../core/index.ts'

/** The longest body the higher calls read into memory, bytes. */
export const longestBody = 16_777_216

/**
 * Reads the text of an answer, up to a limit.
 *
 * @throws HoldfastError `body-too-large`
 */
export async function readText(response: Response, limit: number = longestBody): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return response.text()
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.byteLength
    if (length > limit) {
      // Its outcome is of no interest: the connection is given up.
      reader.cancel().catch(() => {})
      throw bodyTooLarge(limit)
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** The JSON object in a text, or an empty one where there is none: for answers that may hold a problem (RFC 9457). */
export function parseProblem(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
