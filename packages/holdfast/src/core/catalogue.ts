/** One kind of refusal, as its page under docs/errors/ describes it. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean
  /** What the caller does next, in one sentence. */
  readonly advice: string
}

/** The code of a refusal. */
export type ProblemCode =
  | 'account-unknown'
  | 'body-invalid'
  | 'body-too-large'
  | 'handler-failed'
  | 'in-progress'
  | 'key-expired'
  | 'key-invalid'
  | 'key-missing'
  | 'key-reused'
  | 'key-unknown'
  | 'not-replayable'
  | 'outcome-unknown'
  | 'shutting-down'
  | 'store-unavailable'
  | 'too-many-keys'

const kind = (status: number, retryable: boolean, title: string, advice: string): ProblemKind => ({ status, retryable, title, advice })

/** Every refusal Holdfast can answer, by code. One test compares this list with docs/errors/. */
export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = {
  'account-unknown': kind(401, false, 'The caller could not be identified', 'Send valid credentials.'),
  'body-invalid': kind(
    400,
    false,
    'The body does not match its content type',
    'Correct the body; a JSON body needs valid syntax and no repeated member names.',
  ),
  'body-too-large': kind(413, false, 'The body is longer than this route accepts', 'Send a shorter body.'),
  'handler-failed': kind(
    500,
    false,
    'The handler failed',
    'Ask the owner of the API; the failure is recorded under the key, if one was sent.',
  ),
  'in-progress': kind(
    409,
    true,
    'A call with this idempotency key is still running',
    'Repeat the same call with the same key after Retry-After.',
  ),
  'key-expired': kind(
    412,
    false,
    'The idempotency key is older than the server remembers',
    'Look the outcome up by other means; a new key would run the call again.',
  ),
  'key-invalid': kind(400, false, 'The idempotency key is not valid', 'Send one Idempotency-Key of 1 to 255 visible ASCII characters.'),
  'key-missing': kind(
    400,
    false,
    'This route needs an idempotency key',
    'Send an Idempotency-Key header, one new key for each logical call.',
  ),
  'key-reused': kind(422, false, 'The idempotency key was used for another call', 'Use a new key for a different call.'),
  'key-unknown': kind(404, false, 'No call with this idempotency key is known', 'Check the key and the account.'),
  'not-replayable': kind(
    409,
    false,
    'The call succeeded, but its answer was too long to keep',
    'Read the result at Location, if given; do not repeat the call.',
  ),
  'outcome-unknown': kind(
    409,
    false,
    'It is not known whether the call took effect',
    'Look the result up, or ask the owner of the API to resolve the key; do not repeat under a new key.',
  ),
  'shutting-down': kind(503, true, 'The server is shutting down', 'Repeat the same call with the same key; another process will take it.'),
  'store-unavailable': kind(
    503,
    true,
    'The store that protects this route did not answer',
    'Repeat the same call with the same key after Retry-After.',
  ),
  'too-many-keys': kind(429, true, 'The account has too many live idempotency keys', 'Wait until older keys expire.'),
}

/** The stable code of an error of Holdfast's own. */
export type ErrorCode =
  | 'body-incomplete'
  | 'body-too-large'
  | 'configuration-invalid'
  | 'lease-lost'
  | 'no-current-call'
  | 'retryable'
  | 'store-unavailable'

/** The stable codes of Holdfast's own errors, which are thrown, never answered. Documented on docs/errors/README.md. */
export const errorCodes: Readonly<Record<ErrorCode, string>> = {
  'body-incomplete': 'A body ended before it was whole.',
  'body-too-large': 'A body was longer than its reader allows.',
  'configuration-invalid': 'A declaration or an option was refused when it was made.',
  'lease-lost': 'Another process took the key over while this one was still running.',
  'no-current-call': 'currentCall() was called outside a handler that Holdfast wraps.',
  retryable: 'A handler declared that it failed without an effect.',
  'store-unavailable': 'The store could not be reached, or did not answer in time.',
}
