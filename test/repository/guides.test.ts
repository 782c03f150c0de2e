import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/ledger/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
]

it('leads every link of a guide to a file that is there, and to a heading that it has', () => {
  expect(pages.length).toBeGreaterThan(50)
  const dead = pages.flatMap((page) =>
    linksOf(page)
      .filter(({ file, heading }) => !leadsSomewhere(file, heading))
      .map(({ href }) => `${page}: ${href}`),
  )
  expect(dead).toEqual([])
})

function linksOf(page: string): { href: string; file: string; heading: string | undefined }[] {
  const hrefs = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, href]) => href as string)
  return hrefs
    .filter((href) => !/^https?:/.test(href))
    .map((href) => {
      const [path = '', heading] = href.split('#')
      return { href, file: path === '' ? page : relative(root, join(root, dirname(page), path)), heading }
    })
}

function leadsSomewhere(file: string, heading: string | undefined): boolean {
  if (!existsSync(join(root, file))) return false
  return heading === undefined || [...prose(file).matchAll(/^#+ (.*)$/gm)].some(([, title]) => anchorOf(title as string) === heading)
}

/** A page without its code, where a bracket is no link and a hash no heading. */
function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8').replace(/^```[^]*?^```$/gm, '')
}

/** The name a heading has in an address. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
