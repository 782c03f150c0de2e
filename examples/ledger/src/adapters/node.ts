import type { RequestListener } from 'node:http'
import { currentCall } from 'holdfast'
import { holdfast } from 'holdfast/node'
import { failure, flow, nothingHere } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { App } from '../app.ts'

/** The ledger on `node:http` alone. */
export function nodeLedger({ policy, match, mounts }: App): RequestListener {
  const byName = new Map(mounts.map((mount) => [mount.name, mount]))

  async function answer(method: string, url: string): Promise<Answer> {
    try {
      const found = match(method, url)
      const mount = found && byName.get(found.name)
      return mount ? await mount.answer(currentCall(), found.params()) : nothingHere()
    } catch (error) {
      return failure(error)
    }
  }

  return holdfast(policy, async (request, response) => {
    const { status, headers, body } = await answer(request.method ?? 'GET', request.url ?? '/')
    response.writeHead(status, headers)
    if (typeof body === 'string') response.end(body)
    else flow(body, response)
  })
}
