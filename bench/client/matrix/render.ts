import type { Cell, MatrixRow } from '../parts/matrix.ts'

const head = ['attempts', 'effects', 'without keys', 'key', 'ms', 'outcome', '']

/** The matrix as plain text, a block for each fault. */
export function render(rows: readonly MatrixRow[]): string {
  const nameWidth = Math.max(...rows.flatMap(({ cells }) => cells.map(({ client }) => client.length)))
  const blocks = rows.map(({ scenario, cells }) => {
    const isPost = scenario.method === 'POST'
    const lines = [head, ...cells.map((cell) => columns(cell, isPost))]
    const widths = head.map((_title, column) => Math.max(...lines.map((line) => (line[column] as string).length)))
    const names = ['', ...cells.map(({ client }) => client)]
    const shown = lines.map((line, index) => {
      const padded = line.map((text, column) =>
        column < 3 || column === 4 ? text.padStart(widths[column] as number) : text.padEnd(widths[column] as number),
      )
      const kept = isPost ? padded : padded.filter((_text, column) => column !== 1 && column !== 2 && column !== 3)
      return `${(names[index] as string).padEnd(nameWidth)}  ${kept.join('  ')}`.trimEnd()
    })
    return [`== ${scenario.title}`, `   wanted: ${scenario.wanted}`, ...shown].join('\n')
  })
  return [...blocks, notes].join('\n\n')
}

function columns({ observed, effectsWithoutKeys }: Cell, isPost: boolean): string[] {
  if (observed === undefined) return ['', '', '', '', '', 'cannot be asked', '']
  const { attempts, effects, keys, ms, outcome, remarks } = observed
  return [
    String(attempts),
    isPost ? String(effects) : '',
    isPost ? String(effectsWithoutKeys) : '',
    isPost ? keys : '',
    ms.toFixed(0),
    outcome,
    remarks.join(', '),
  ]
}

const notes = `effects: how often the handler of an API ran that is declared to Holdfast, so runs each key once, for one call
without keys: the same on an API to which keys mean nothing; no client can repeat a lost POST there without a second effect
key: whether all attempts of a call carried one key. A caller may of course make a key by hand and give it to a client that
knows none; its attempts then carry it as well`
