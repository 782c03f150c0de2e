import type { BodyMap } from '../core/index.ts'
import { rewriteJson } from './json/rewrite.ts'
import type { PlanNode, Trace } from './json/rewrite.ts'

const lineFeed = 10
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
const nothing = new Uint8Array(0)

/**
 * Rewrites NDJSON line by line while it passes: at most one line is held. The control lines of exports (`_cursor`, `_end`, `_error`) and
 * empty lines stay as they are.
 *
 * @param longestLine bytes; a longer line breaks the stream off
 */
export function rewriteLines(plan: PlanNode, trace: Trace, longestLine: number): BodyMap {
  let held: Uint8Array[] = []
  let heldBytes = 0

  function line(bytes: Uint8Array): Uint8Array {
    const text = decoder.decode(bytes)
    if (text.trim() === '' || /^\s*\{\s*"_(cursor|end|error)"/.test(text)) return bytes
    const changed = rewriteJson(text, plan, trace)
    return changed === text ? bytes : encoder.encode(changed)
  }

  function take(rest: Uint8Array): Uint8Array {
    if (held.length === 0) return rest
    const whole = join([...held, rest])
    held = []
    heldBytes = 0
    return whole
  }

  return {
    chunk(bytes) {
      const out: Uint8Array[] = []
      let start = 0
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
        out.push(line(take(bytes.subarray(start, end + 1))))
        start = end + 1
      }
      if (start < bytes.byteLength) {
        // Copied: the producer may use its buffer again.
        held.push(bytes.slice(start))
        heldBytes += bytes.byteLength - start
        if (heldBytes > longestLine) throw new RangeError(`a line is longer than ${longestLine} bytes`)
      }
      return join(out)
    },
    end: () => (held.length === 0 ? nothing : line(take(nothing))),
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(parts.reduce((size, { byteLength }) => size + byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
