/** Something that takes bytes from anyone. */
export interface FuzzTarget {
  readonly name: string
  /** Good inputs, from recordings and builders, to begin with. */
  seeds(): readonly Uint8Array[]
  /**
   * Takes one input. What it throws, other than a TrustholdError, is a finding; so is one that it takes for good although
   * it does not hold together.
   */
  run(bytes: Uint8Array): void | Promise<void>
}
