import { convert, defineChange, merge, regroup, resource } from 'holdfast/versioning'

// An amount was a whole number of cents beside a currency in small letters.
const cents = { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 }
const smallLetters = { type: 'string', pattern: '^[a-z]{3}$' }

/** On digits, not on numbers: a double cannot hold every amount that has two digits after the point. */
const toDecimal = (amount: unknown): string =>
  String(amount)
    .padStart(3, '0')
    .replace(/(\d\d)$/, '.$1')
const toCents = (decimal: unknown): number => Number(String(decimal).replace('.', ''))
const upper = (currency: unknown): string => String(currency).toUpperCase()
const lower = (currency: unknown): string => String(currency).toLowerCase()

/** What ISO 4217 writes where there is none. */
const noCurrency = 'XXX'

interface Money {
  readonly value: string
  readonly currency: string
}

/** Anything but a whole number of cents stays what it is, for the ledger to refuse. */
const toMoney = (amount: unknown, currency: unknown): unknown =>
  typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0
    ? { value: toDecimal(amount), currency: currency === undefined ? noCurrency : upper(currency) }
    : amount

export const amountObject = defineChange({
  id: 'amount-object',
  in: '2025-09-01',
  summary: 'An amount is an object of a decimal string and a currency.',
  on: resource('transfer', 'new-transfer'),
  operations: [
    merge(['/amount', '/currency'], '/amount', {
      up: ([amount, currency]) => [toMoney(amount, currency)],
      down: ([amount]) => [toCents((amount as Money).value), lower((amount as Money).currency)],
      before: [cents, smallLetters],
    }),
  ],
})

export const balanceObject = defineChange({
  id: 'balance-object',
  in: '2025-09-01',
  summary: 'So is the balance of a wallet, and currencies are written in capitals.',
  on: resource('wallet', 'wallet-edit'),
  operations: [
    regroup(['/balance', '/currency'], ['/balance', '/currency'], {
      up: ([balance, currency]) => [
        balance === undefined ? undefined : toMoney(balance, currency),
        currency === undefined ? undefined : upper(currency),
      ],
      down: ([balance, currency]) => [
        balance === undefined ? undefined : toCents((balance as Money).value),
        currency === undefined ? undefined : lower(currency),
      ],
      before: [cents, smallLetters],
    }),
  ],
})

export const openingDecimal = defineChange({
  id: 'opening-decimal',
  in: '2025-09-01',
  summary: 'So is what a wallet is opened with.',
  on: resource('new-wallet'),
  operations: [
    convert('/opening_balance', {
      up: (amount) => (typeof amount === 'number' ? toDecimal(amount) : amount),
      down: toCents,
      before: cents,
    }),
    convert('/currency', { up: upper, down: lower, before: smallLetters }),
  ],
})
