import { createReply, problemKinds, targetOf } from '../core/index.ts'
import type { Call, ProblemCode, ProblemKind, Reply } from '../core/index.ts'

/** Serves the page that the `type` of a problem leads to. */
export function errorPage(base: string, call: Call): Reply | undefined {
  const code = targetOf(call.url).path.slice(base.length)
  const kind = Object.hasOwn(problemKinds, code) ? problemKinds[code as ProblemCode] : undefined
  return (
    kind && createReply(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=3600' }, render(code, kind))
  )
}

function render(code: string, { title, status, advice, retryable }: ProblemKind): string {
  const repeat = retryable ? 'The same call may succeed later, unchanged.' : 'Repeating the same call will not help.'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${code}</title>
<h1>${title}</h1>
<p><code>${code}</code>, status ${status}</p>
<p>${advice}</p>
<p>${repeat}</p>
</html>
`
}
