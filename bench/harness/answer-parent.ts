/**
 * The other end of `startProcess`: tells the parent that this process is ready, answers its questions, and ends when it goes away.
 */
export function answerParent(ready: unknown, answer: (question: string) => unknown): void {
  process.on('message', (question: { readonly ask: string }) => {
    void Promise.resolve(answer(question.ask)).then((found) => process.send?.(found ?? null))
  })
  // Not a plain end of the loop: open connections and pools would keep it.
  process.on('disconnect', () => process.exit(0))
  process.send?.(ready)
}

/** What the parent gave this process to do. */
export function specOf<Spec>(): Spec {
  return JSON.parse(process.argv[2] as string) as Spec
}
