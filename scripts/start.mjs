// npm start -- [flags]: the example ledger
import { runSource } from './run.mjs'

runSource('examples/ledger/src/main.ts', process.argv.slice(2))
