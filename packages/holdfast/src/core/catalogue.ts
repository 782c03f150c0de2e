/** One kind of refusal, as its page under docs/errors/ describes it. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean
  /** What the caller does next, in one sentence. */
  readonly advice: string
  /** The `type` of a kind that others have defined. @default the page of its own */
  readonly type?: string
}

/** The code of a refusal. */
export type ProblemCode =
  | 'abnormal-usage'
  | 'account-unknown'
  | 'api-version-brownout'
  | 'api-version-conflict'
  | 'api-version-pinned'
  | 'api-version-retired'
  | 'api-version-unknown'
  | 'body-invalid'
  | 'body-too-large'
  | 'cursor-expired'
  | 'cursor-query-mismatch'
  | 'export-failed'
  | 'cost-exceeds-policy'
  | 'deadline-expired'
  | 'handler-failed'
  | 'in-progress'
  | 'invalid-cursor'
  | 'key-expired'
  | 'key-invalid'
  | 'key-missing'
  | 'key-reused'
  | 'key-unknown'
  | 'malformed-etag'
  | 'not-replayable'
  | 'outcome-unknown'
  | 'patch-inapplicable'
  | 'patch-invalid'
  | 'patch-test-failed'
  | 'patch-type-unsupported'
  | 'precondition-required'
  | 'query-invalid'
  | 'route-not-in-version'
  | 'quota-exceeded'
  | 'shutting-down'
  | 'store-unavailable'
  | 'temporary-reduced-capacity'
  | 'too-many-keys'
  | 'version-conflict'
  | 'version-transform-failed'
  | 'weak-etag'

const kind = (status: number, retryable: boolean, title: string, advice: string): ProblemKind => ({ status, retryable, title, advice })

/** A kind of draft-ietf-httpapi-ratelimit-headers-10, under the type and the title that clients of any server know it by. */
const registered = (name: string, known: ProblemKind): ProblemKind => ({
  ...known,
  type: `https://iana.org/assignments/http-problem-types#${name}`,
})

/** Every refusal Holdfast can answer, by code. One test compares this list with docs/errors/. */
export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = {
  'abnormal-usage': registered(
    'abnormal-usage-detected',
    kind(
      429,
      true,
      'Request not satisfied due to detection of abnormal request pattern',
      'Stop repeating refused calls; wait for Retry-After before the next one.',
    ),
  ),
  'account-unknown': kind(401, false, 'The caller could not be identified', 'Send valid credentials.'),
  'api-version-brownout': kind(
    503,
    true,
    'This API version is switched off for a while, as a warning',
    'Move to a later version before this one is retired; until then the call works again after Retry-After.',
  ),
  'api-version-conflict': kind(400, false, 'The call names more than one API version', 'Name one version, in one place.'),
  'api-version-pinned': kind(
    409,
    false,
    'The account cannot be pinned to this API version',
    'Choose a later version; only the version before the last upgrade can be gone back to, and only for a while.',
  ),
  'api-version-retired': kind(
    410,
    false,
    'This API version was retired',
    'Move to a later version; the link relation successor-version leads to the next one.',
  ),
  'api-version-unknown': kind(400, false, 'There is no such API version', 'Use one of the supported versions.'),
  'body-invalid': kind(
    400,
    false,
    'The body does not match its content type',
    'Correct the body; a JSON body needs valid syntax and no repeated member names.',
  ),
  'body-too-large': kind(413, false, 'The body is longer than this route accepts', 'Send a shorter body.'),
  'cursor-expired': kind(410, false, 'The cursor is too old', 'Start again without a cursor.'),
  'cursor-query-mismatch': kind(
    400,
    false,
    'The cursor belongs to another query',
    'Repeat path, filters and sort as they were when the cursor was given, or start again without one.',
  ),
  'export-failed': kind(500, true, 'The export broke off', 'Resume it with the last _cursor.'),
  'cost-exceeds-policy': kind(
    400,
    false,
    'The call costs more than its limit ever allows',
    'Ask for less at once: a smaller page, a shorter body, fewer items.',
  ),
  'deadline-expired': kind(
    503,
    true,
    "The caller's time ran out before the call was processed",
    'Repeat the same call with more time; nothing of it was processed.',
  ),
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
  'invalid-cursor': kind(
    400,
    false,
    'The cursor is not valid',
    'Send a cursor as it was given, to the list and under the account it was given for.',
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
  'malformed-etag': kind(
    400,
    false,
    'A precondition field does not hold entity tags',
    'Send the ETag exactly as it was received, in its double quotes.',
  ),
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
  'patch-inapplicable': kind(
    409,
    false,
    'The patch does not fit the resource',
    'Read the resource and make a patch for what it holds now.',
  ),
  'patch-invalid': kind(400, false, 'The patch is not valid', 'Correct the patch; it was not applied in part.'),
  'patch-test-failed': kind(
    409,
    false,
    'A test operation of the patch failed',
    'Read the resource; it does not hold what the patch expects.',
  ),
  'patch-type-unsupported': kind(
    415,
    false,
    'This route does not take patches of this media type',
    'Send a patch of a media type that Accept-Patch lists.',
  ),
  'precondition-required': kind(
    428,
    false,
    'This route needs a precondition',
    'Read the resource, and send If-Match with the ETag you received.',
  ),
  'query-invalid': kind(400, false, 'The query is not valid', 'Correct the parameters that errors names.'),
  'route-not-in-version': kind(404, false, 'This API version has no such route', 'Use the path that the route has in this version.'),
  'quota-exceeded': registered(
    'quota-exceeded',
    kind(429, true, 'Request cannot be satisfied as assigned quota has been exceeded', 'Repeat the same call after Retry-After.'),
  ),
  'shutting-down': kind(503, true, 'The server is shutting down', 'Repeat the same call with the same key; another process will take it.'),
  'store-unavailable': kind(
    503,
    true,
    'The store that protects this route did not answer',
    'Repeat the same call with the same key after Retry-After.',
  ),
  'temporary-reduced-capacity': registered(
    'temporary-reduced-capacity',
    kind(503, true, 'Request cannot be satisfied due to temporary server capacity constraints', 'Repeat the same call after Retry-After.'),
  ),
  'too-many-keys': kind(429, true, 'The account has too many live idempotency keys', 'Wait until older keys expire.'),
  'version-conflict': kind(
    412,
    false,
    'The resource is not in the state the call expects',
    'Read the resource, apply the change again, and send the new ETag.',
  ),
  'version-transform-failed': kind(
    500,
    false,
    'The answer could not be translated to this API version',
    'Ask the owner of the API; the call itself may have succeeded, and a repeat with the same key does not run it again.',
  ),
  'weak-etag': kind(
    412,
    false,
    'The entity tag was weakened on its way',
    'Send the strong ETag, without W/; have whatever stands between caller and API leave tags alone.',
  ),
}

/** The stable code of an error of Holdfast's own. */
export type ErrorCode =
  | 'attempt-timeout'
  | 'body-idle'
  | 'body-incomplete'
  | 'body-too-large'
  | 'call-refused'
  | 'checkpoint-refused'
  | 'configuration-invalid'
  | 'cursor-expired'
  | 'deadline-exceeded'
  | 'endpoint-unavailable'
  | 'expectation-ignored'
  | 'export-failed'
  | 'intent-reused'
  | 'lease-lost'
  | 'lossy-number'
  | 'next-refused'
  | 'no-current-call'
  | 'outbox-full'
  | 'outcome-unknown'
  | 'pacing-refused'
  | 'page-invalid'
  | 'pagination-loop'
  | 'resource-gone'
  | 'retryable'
  | 'secret-refused'
  | 'store-unavailable'
  | 'update-conflict'
  | 'version-conflict'
  | 'weak-etag'

/** The stable codes of Holdfast's own errors, which are thrown, never answered. Documented on docs/errors/README.md. */
export const errorCodes: Readonly<Record<ErrorCode, string>> = {
  'attempt-timeout': 'One attempt of a call did not get its answer in time.',
  'body-idle': 'The body of an answer stopped arriving.',
  'body-incomplete': 'A body ended before it was whole.',
  'body-too-large': 'A body was longer than its reader allows.',
  'call-refused': 'A call was answered with a status that ends update(), items(), pages() or exportItems().',
  'checkpoint-refused': 'A checkpoint is none, or belongs to another query.',
  'configuration-invalid': 'A declaration or an option was refused when it was made.',
  'cursor-expired': 'The server no longer knows the place a walk has reached.',
  'deadline-exceeded': 'The time a call had in all ran out.',
  'endpoint-unavailable': 'An endpoint failed so often that nothing is sent to it for now.',
  'expectation-ignored': "A guarded handler answered with success and did not consume its caller's expectation.",
  'export-failed': 'An export of JSON lines failed, or broke off again and again.',
  'intent-reused': 'An outbox was given another request under an intent it knows.',
  'lease-lost': 'Another process took the key over while this one was still running.',
  'lossy-number': 'A value would be written back with a number that was rounded when it was read.',
  'next-refused': 'The next page is said to be on another origin.',
  'no-current-call': 'currentCall() was called outside a handler that Holdfast wraps.',
  'outbox-full': 'As many requests wait in an outbox as it may hold.',
  'outcome-unknown': 'A call was sent, and it is not known whether it took effect.',
  'pacing-refused': 'A call would have had to wait for its turn longer than it has time.',
  'page-invalid': 'A page is no JSON, or has its items in none of the usual places.',
  'pagination-loop': 'The server sends a walk over pages in circles.',
  'resource-gone': 'There is nothing to update: 404 or 410.',
  retryable: 'A handler declared that it failed without an effect.',
  'secret-refused': 'A request for an outbox holds what looks like a credential.',
  'store-unavailable': 'The store could not be reached, or did not answer in time.',
  'update-conflict': 'Others wrote first, each time, or changed the same members.',
  'version-conflict': 'A conditional write of several resources found one of them changed.',
  'weak-etag': 'The server shows no strong entity tag to make a write conditional on.',
}
