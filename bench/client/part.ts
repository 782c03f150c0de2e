/** What a part found, for people and for programs. */
export interface Report {
  readonly text: string
  readonly data: unknown
}

/** Measures one thing. */
export interface Part {
  readonly name: string
  readonly title: string
  /** @param rounds replaces the part's own number */
  run(rounds: number | undefined): Promise<Report>
}
