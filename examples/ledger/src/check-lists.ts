import type { LedgerDatabase } from './database/database.ts'
import { bindEntries, entriesOf } from './entries.ts'
import { bindTransfers, transfersOf } from './transfer-list.ts'
import { bindWallets, walletsOf } from './wallet-list.ts'

/** Asks the database whether an index serves every sort of the ledger's lists. */
export function checkLists(database: LedgerDatabase): Promise<readonly { readonly message: string }[]> {
  return database.write(async (writer) => [
    ...(await bindWallets(database).check(walletsOf(writer, 'alice'), writer)),
    ...(await bindTransfers(database).check(transfersOf('alice'), writer)),
    ...(await bindEntries(database).check(entriesOf('wal_1'), writer)),
  ])
}
