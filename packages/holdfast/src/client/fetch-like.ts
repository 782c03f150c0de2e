/** What the higher calls need of a `fetch`: the platform's, one made by `createFetch`, or any function of that shape. */
export type FetchLike = (input: string, init?: RequestInit) => Promise<Response>
