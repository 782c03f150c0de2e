/** Runs actions when a response was read to its end, or its reader went away. What has no body is over at once. */
export function whenSent(response: Response, actions: readonly (() => void)[]): Response {
  if (actions.length === 0) return response
  const run = (): void => {
    for (const action of actions) action()
  }
  if (response.body === null) {
    run()
    return response
  }
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        run()
        controller.close()
      } catch (error) {
        run()
        throw error
      }
    },
    cancel(reason) {
      run()
      return reader.cancel(reason)
    },
  })
  return new Response(watched, response)
}
