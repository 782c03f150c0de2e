// Makes a module of each example in the doc comments of the library and in the guides, for tsc to check: .examples/src.shedding.policy.ts.68.ts is from line 68
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { root } from './install.mjs'

const library = join(root, 'packages/holdfast')
const folder = join(root, '.examples')
const { exports } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'))

/** Where a name can be imported from: the first subpath that has it. */
const published = new Map()
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue
  const from = subpath === '.' ? 'holdfast' : `holdfast${subpath.slice(1)}`
  for (const name of namesIn(join(library, target['@holdfast/source']))) if (!published.has(name)) published.set(name, from)
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
/** What examples leave to the reader: it may be anything. Any other name has to be the library's, the language's, or made in the example. */
const readersOwn = new Set(
  `
    DatabaseSync Money Note Readable Redis Transfer Wallet a account accountOf accountOfKey addTransfer all amount and api app applyPatch
    authorization b body book bytes call changeDate changes client command completion connected connectionString counter createClient
    createCluster createServer current currentOf db deleteTransfer displayName documents endpoint eq error expect file find findWallet from
    fromTag handler headers histogram id ids idsThatNobodyTouches inArray isNull it limits list load mapLines meter mount name nickname notFound
    notInArray now open options page patch pg pipeline pool prisma provider query rateLimited reader reply report req request res response
    retryLater run save scale secret set sql store table text to toEntry toTag toTransfer token transfer transferList transferPages transfers
    translate url versions wallet walletPage wallets
  `.match(/\w+/g),
)

let count = 0
for (const path of readdirSync(join(library, 'src'), { recursive: true })) {
  if (!path.endsWith('.ts') || /\.test(-d)?\.ts$/.test(path)) continue
  const file = join(library, 'src', path)
  for (const { code, line } of examplesIn(readFileSync(file, 'utf8'))) {
    writeFileSync(join(folder, `${join('src', path).replaceAll(sep, '.')}.${line}.ts`), toModule(code, file))
    count += 1
  }
}
// A block of TypeScript in a guide: .examples/docs.stores.md.25.ts is what stands behind line 25.
for (const path of ['README.md', 'examples/ledger/README.md', ...guides('docs')]) {
  const text = readFileSync(join(root, path), 'utf8')
  for (const { 1: code, index } of text.matchAll(/^```ts\n([^]*?)^```$/gm)) {
    const line = text.slice(0, index).split('\n').length
    writeFileSync(join(folder, `${path.replaceAll('/', '.')}.${line}.ts`), toModule(code.trim()))
    count += 1
  }
}
console.log(`${count} examples`)

function guides(under) {
  return readdirSync(join(root, under), { recursive: true })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${under}/${path.replaceAll(sep, '/')}`)
}

/** The examples of a file: what follows `@example`, until the next tag or the end of its comment. */
function examplesIn(text) {
  const found = []
  for (const { 0: comment, index } of text.matchAll(/\/\*\*[^]*?\*\//g)) {
    const lines = comment
      .replace(/\s*\*\/$/, '')
      .split('\n')
      .map((line) => line.replace(/^\s*\*? ?/, ''))
    for (const [at, line] of lines.entries()) {
      if (!line.startsWith('@example')) continue
      const rest = lines.slice(at + 1)
      const end = rest.findIndex((one) => one.startsWith('@'))
      const code = [line.slice('@example'.length).trim(), ...(end < 0 ? rest : rest.slice(0, end))].join('\n').trim()
      found.push({ code, line: text.slice(0, index).split('\n').length + at })
    }
  }
  return found
}

/**
 * A module of an example: what it uses of the library is imported, from its own file or as users do. Without the imports, the
 * examples would be long and all alike.
 */
function toModule(code, file) {
  const own = new Set(file === undefined ? [] : namesIn(file))
  const plain = code.replace(/\/\/.*|'(?:[^'\\\n]|\\.)*'/g, (text) => (text.startsWith('/') ? '' : "''"))
  const declared = new Set(
    [
      ...plain.matchAll(/\b(?:const|let|function\*?|class|interface|type|import) (?:type )?([{[][^=;(]*?[}\]](?= =| of| from)|\w+)/g),
    ].flatMap(([, names]) => names.match(/\w+/g)),
  )
  const head = []
  for (const name of new Set(plain.match(/(?<![.\w])[A-Za-z_$]\w*/g))) {
    if (declared.has(name)) continue
    const from = own.has(name)
      ? relative(folder, file).replaceAll(sep, '/').replace('/src/', '/dist/').replace(/ts$/, 'js')
      : published.get(name)
    if (from !== undefined) head.push(`import { ${name} } from '${from}'`)
    else if (readersOwn.has(name)) head.push(`declare const ${name}: any; type ${name}<A = any, B = any> = any`)
  }
  // One that ends in the middle of a handler is the end of one.
  const body =
    /\breturn\b(?![^{]*\}\s*\))/.test(plain) && !/^(?:import|export) /m.test(code) ? `async function handler() {\n${code}\n}` : code
  return `${head.join('\n')}\n${body}\nexport {}\n`
}

/** What a module exports, that of others included. */
function namesIn(file) {
  const text = readFileSync(file, 'utf8')
  const stars = [...text.matchAll(/^export \* from '(.+?)'/gm)].flatMap(([, path]) => namesIn(join(dirname(file), path)))
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
    list.split(',').map((one) => one.trim().split(' ').at(-1)),
  )
  const own = [...text.matchAll(/^export (?:async |abstract )*(?:const|function\*?|class|interface|type|let) (\w+)/gm)].map(
    ([, name]) => name,
  )
  return [...stars, ...lists, ...own].filter((name) => name !== '')
}
