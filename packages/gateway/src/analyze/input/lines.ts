import { StringDecoder } from 'node:string_decoder'

/** Longer lines are no requests but damage, such as a file without line ends. */
const longestLine = 65_536

/** Cuts bytes into lines. A line that is longer than 64 KiB is given as `undefined`. */
export function lineSplitter(onLine: (line: string | undefined) => void): { push(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isTooLong = false
  let isStart = true

  function take(text: string): void {
    // Some programs on Windows begin a file with a byte order mark.
    let from = isStart && text.startsWith('\ufeff') ? 1 : 0
    if (text !== '') isStart = false
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      emit(rest + text.slice(from, end))
      rest = ''
      from = end + 1
    }
    rest += text.slice(from)
    if (rest.length > longestLine) {
      rest = ''
      isTooLong = true
    }
  }

  function emit(line: string): void {
    if (isTooLong || line.length > longestLine) onLine(undefined)
    else onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    isTooLong = false
  }

  return {
    push: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end())
      if (rest !== '' || isTooLong) emit(rest)
      rest = ''
    },
  }
}
