/** One line of a plot. */
export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Drawn as rings: what is compared with. */
  readonly isReference: boolean
}

/** One panel. The y axis is logarithmic: the shapes are a factor of fifty apart. */
export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
}

const [width, height, margin] = [420, 340, 48]
const colours = ['#d1495b', '#8d6a9f', '#3d7ea6', '#edae49', '#2e8b57']

/** Draws panels side by side. */
export function drawSvg(panels: readonly Panel[], xTitle: string): string {
  const drawn = panels.map((panel, index) => `<g transform="translate(${index * width} 0)">${drawPanel(panel, xTitle)}</g>`)
  const size = `width="${panels.length * width}" height="${height}" viewBox="0 0 ${panels.length * width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n${drawn.join('\n')}\n</svg>\n`
}

function drawPanel({ title, lines }: Panel, xTitle: string): string {
  const points = lines.flatMap((line) => line.points)
  const [lastX, top] = [Math.max(...points.map(([x]) => x)), Math.ceil(Math.log10(Math.max(...points.map(([, y]) => y))))]
  const bottom = Math.floor(Math.log10(Math.min(...points.map(([, y]) => y))))
  const toX = (x: number): string => (margin + (x / lastX) * (width - 2 * margin)).toFixed(1)
  const toY = (y: number): string => (height - margin - ((Math.log10(y) - bottom) / (top - bottom)) * (height - 2 * margin)).toFixed(1)
  const names = [...new Set(lines.map(({ name }) => name))]
  const colourOf = (name: string): string => colours[names.indexOf(name) % colours.length] as string
  const grid = Array.from({ length: top - bottom + 1 }, (_, step) => 10 ** (bottom + step)).map(
    (y) =>
      `<path d="M${margin} ${toY(y)}H${width - margin}" stroke="#ddd"/><text x="${margin - 6}" y="${toY(y)}" text-anchor="end" dy="4">${y}</text>`,
  )
  const ticks = [0, 50, 100, 150].map((x) => `<text x="${toX(x)}" y="${height - margin + 16}" text-anchor="middle">${x}</text>`)
  const drawn = lines.map(({ name, points: of, isReference }) =>
    isReference
      ? of.map(([x, y]) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="2.5" fill="none" stroke="${colourOf(name)}"/>`).join('')
      : `<path d="M${of.map(([x, y]) => `${toX(x)} ${toY(y)}`).join('L')}" fill="none" stroke="${colourOf(name)}" stroke-width="1.5"/>`,
  )
  const legend = names.map(
    (name, index) => `<text x="${margin + 8}" y="${margin + 4 + index * 14}" fill="${colourOf(name)}" font-weight="bold">${name}</text>`,
  )
  const heading = `<text x="${width / 2}" y="22" text-anchor="middle" font-size="13">${title}</text>`
  const axis = `<text x="${width / 2}" y="${height - 10}" text-anchor="middle">${xTitle}</text>`
  return [heading, ...grid, ...ticks, ...drawn, ...legend, axis].join('\n')
}
