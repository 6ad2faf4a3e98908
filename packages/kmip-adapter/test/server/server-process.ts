// Runs an embedded server on an SQLite file in a process of its own until it is killed. Takes its options as lines of
// JSON from standard input, and writes where it listens.
import { createInterface } from 'node:readline'
import { openSqlite } from '@trusthold/storage-adapter'
import { createKmipServer, type KmipServerTls } from '../../src/server/index.js'

/** What the process is told. */
export interface ProcessOptions {
  readonly file: string
  readonly keyEncryptionKey: readonly number[]
  readonly tls: KmipServerTls
}

for await (const line of createInterface({ input: process.stdin })) {
  const { file, keyEncryptionKey, tls } = JSON.parse(line) as ProcessOptions
  const storage = await openSqlite(file)
  const server = createKmipServer({
    tls,
    store: storage.config,
    keyEncryptionKey: Uint8Array.from(keyEncryptionKey),
  })
  process.stdout.write(`${JSON.stringify(await server.listen())}\n`)
}
