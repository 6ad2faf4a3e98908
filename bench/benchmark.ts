/** One operation whose speed is measured, against the least that the machine's own cryptography lets it take. */
export interface Benchmark {
  /** Stable name, such as `ttlv.decode-get-response`. */
  readonly id: string
  /** The operation, once. Preparation belongs outside. */
  run(): void | Promise<void>
  /** What the operation cannot do without, once; as many in flight as of the operation when it is asynchronous. */
  floor?(): void | Promise<void>
  /** Operations per second of another program that does the same, measured in this run; takes the floor's place. */
  peer?(): Promise<number>
  /** Most rounds that are measured, where one operation takes long. */
  readonly rounds?: number
  /** Ends what was prepared. */
  close?(): Promise<void>
}
